"""What a call of a tool carries along."""

from dataclasses import fields

from tools.call import Call, Usage


def test_a_copy_of_a_call_has_all_of_it() -> None:
    marks = {each.name: object() for each in fields(Call)}
    call = Call(**{**marks, "usage": Usage()})  # type: ignore[arg-type]  # whatever it is, it is carried along
    copied = call.copy()
    assert copied is not call
    assert all(getattr(copied, each.name) is getattr(call, each.name) for each in fields(Call))
