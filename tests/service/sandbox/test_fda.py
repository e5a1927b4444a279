"""FDA's interface, rule by rule, as it stands on the built-in data."""

from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.sandbox import KEYS, Sandbox, SandboxDataError
from service.sandbox.fda_data import COLUMNS
from tests.service.sandbox.conftest import REAL, SAMPLE_DATA

ROWS = orjson.loads((SAMPLE_DATA / "fda/import_refusals.json").read_bytes())["result"]
AUTH = {"Authorization-User": KEYS["authorization_user"], "Authorization-Key": KEYS["authorization_key"]}
PLAIN: dict[str, Any] = {"sort": "", "sortorder": "", "filters": {}, "columns": []}


async def post(sandbox: Sandbox, session: aiohttp.ClientSession, body: object, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    url = f"{sandbox.url('fda')}/import_refusals"
    async with session.post(url, data=content, headers=headers or AUTH) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        return await response.json()


def test_there_are_150_rows_with_every_column_and_its_oddities() -> None:
    assert len(ROWS) == 150
    assert {tuple(row) for row in ROWS} == {COLUMNS}
    assert {type(row["ShipmentID"]) for row in ROWS} == {str, int}
    assert {row["FDASampleAnalysis"] for row in ROWS} == {"No ", "Yes "}
    assert any(row["FirmName"].startswith(" ") for row in ROWS)
    assert {None, ""} <= {row["AddressLine2"] for row in ROWS}
    assert b"Sample data" in (SAMPLE_DATA / "fda/import_refusals.json").read_bytes()[:200]


async def test_success_is_400_and_the_total_comes_when_asked(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    body = await post(sandbox, session, PLAIN | {"rows": 2, "returntotalcount": True})
    assert list(body) == ["statuscode", "message", "totalrecordcount", "resultcount", "result"]
    assert (body["statuscode"], body["message"], body["totalrecordcount"], body["resultcount"]) == (
        400,
        "Success.",
        150,
        2,
    )
    assert body["result"] == ROWS[:2]
    assert "totalrecordcount" not in await post(sandbox, session, PLAIN)


async def test_pages_count_from_1_and_end_with_412(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    body = await post(sandbox, session, PLAIN | {"start": 149, "rows": 100})
    assert (body["resultcount"], body["result"]) == (2, ROWS[148:])
    body = await post(sandbox, session, PLAIN | {"start": 151})
    assert (body["statuscode"], body["message"]) == (412, "No results found.")


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"CountryCode": ["DE", "FR"]}, lambda row: row["CountryCode"] in ("DE", "FR")),
        ({"CountryCode": ["D"]}, lambda row: False),
        ({"FEINumber": [3100000001]}, lambda row: row["FEINumber"] == "3100000001"),
        ({"FirmName": ["SAMPLE"]}, lambda row: "sample" in row["FirmName"].lower()),
        ({"AddressLine2": [None]}, lambda row: row["AddressLine2"] is None),
        ({"AddressLine2": [""]}, lambda row: row["AddressLine2"] == ""),
        ({"RefusalDateFrom": ["2026-01-01", "1990-01-01"]}, lambda row: row["RefusalDate"] >= "2026-01-01"),
        ({"RefusalDateTo": ["12/31/2023"]}, lambda row: row["RefusalDate"] <= "2023-12-31"),
        (
            {"CountryCode": ["CN"], "ProductCodeDescription": ["glucose"]},
            lambda row: row["CountryCode"] == "CN" and "GLUCOSE" in row["ProductCodeDescription"],
        ),
    ],
)
async def test_values_are_alternatives_and_fields_all_have_to_fit(
    sandbox: Sandbox, session: aiohttp.ClientSession, filters: Any, fits: Any
) -> None:
    body = await post(sandbox, session, PLAIN | {"filters": filters})
    assert body["result"] == [row for row in ROWS if fits(row)]


async def test_rows_are_sorted_and_columns_chosen(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    asked = PLAIN | {"sort": "RefusalDate", "sortorder": "DESC", "columns": ["RefusalDate", "FirmName"]}
    body = await post(sandbox, session, asked)
    days = [row["RefusalDate"] for row in body["result"]]
    assert days == sorted(days, reverse=True)
    assert {tuple(row) for row in body["result"]} == {("RefusalDate", "FirmName")}


@pytest.mark.parametrize(
    ("body", "status", "evidence"),
    [
        (b"{", 402, {}),
        (b"[" * 100_000, 402, {}),
        ([], 403, {}),
        (PLAIN | {"page": 1}, 403, {"invalid_parameters": ["page"]}),
        (PLAIN | {"filters": []}, 403, {"invalid_filters_type": "object expected"}),
        (PLAIN | {"columns": "all"}, 403, {}),
        (PLAIN | {"columns": ["fei_number"]}, 406, {"invalid_columns": ["fei_number"]}),
        (PLAIN | {"sort": "firmname"}, 407, {}),
        (PLAIN | {"start": 0}, 408, {}),
        (PLAIN | {"start": "1"}, 408, {}),
        (PLAIN | {"rows": 0}, 409, {}),
        ({"sort": ""}, 410, {"missing_parameters": ["sortorder", "filters", "columns"]}),
        (PLAIN | {"sortorder": "up"}, 411, {}),
        (PLAIN | {"filters": {"RefusalDate": ["2026-01-01"]}}, 413, {"invalid_filters": ["RefusalDate"]}),
        (
            PLAIN | {"filters": {"FEINumber": ["3100000001"]}},
            414,
            {"fieldnames_with_invalid_values": ["FEINumber"]},
        ),
        (
            PLAIN | {"filters": {"RefusalDateFrom": ["99/99/2026"]}},
            414,
            {"fieldnames_with_invalid_values": ["RefusalDateFrom"]},
        ),
        (PLAIN | {"filters": {"CountryCode": "CN"}}, 414, {"fieldnames_with_invalid_values": ["CountryCode"]}),
        (PLAIN | {"rows": 5001}, 415, {}),
        (
            b'{"sort":"","sort":"","sortorder":"","filters":{},"columns":[]}',
            416,
            {"duplicate_parameters": ["sort"]},
        ),
        (PLAIN | {"returntotalcount": "yes"}, 417, {}),
        (
            b'{"sort":"","sortorder":"","filters":{"City":[],"City":[]},"columns":[]}',
            418,
            {"duplicate_filters": ["City"]},
        ),
        (PLAIN | {"columns": ["City", "City"]}, 419, {"duplicate_columns": ["City"]}),
    ],
)
async def test_each_breach_has_its_own_status_in_a_list(
    sandbox: Sandbox, session: aiohttp.ClientSession, body: object, status: int, evidence: dict[str, Any]
) -> None:
    [error] = await post(sandbox, session, body)
    message = error.pop("message")
    assert message.endswith(".")
    assert error == {"statuscode": status, **evidence}


@pytest.mark.parametrize("headers", [{"X": "y"}, AUTH | {"Authorization-Key": "no"}, {"Authorization-Key": "sandbox"}])
async def test_without_user_and_key_it_is_not_authorized(
    sandbox: Sandbox, session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    body = await post(sandbox, session, PLAIN, **headers)
    assert body == [{"statuscode": 401, "message": "Not Authorized."}]


async def test_other_methods_and_paths_have_their_status_too(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    for path, status in (("import_refusals", 405), ("recalls", 404)):
        async with session.get(f"{sandbox.url('fda')}/{path}", headers=AUTH) as response:
            assert (response.status, (await response.json())[0]["statuscode"]) == (200, status)


async def served(data: Path, session: aiohttp.ClientSession) -> Any:
    sandbox = Sandbox(data)
    await sandbox.start()
    try:
        return (await post(sandbox, session, PLAIN))["result"]
    finally:
        await sandbox.close()


async def test_a_download_file_is_loaded_under_the_interface_s_names(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    (tmp_path / "fda").mkdir()
    (tmp_path / "fda/charges.csv").write_text("ASC_ID,CHRG_CODE,CHRG_STMNT_TEXT,SCTN_NAME\n9,SALMONELLA,x,y\n")
    (tmp_path / "fda/refusals.csv").write_text(
        "MFG_FIRM_FEI_NUM,LGL_NAME,LINE1_ADRS,LINE2_ADRS,CITY_NAME,PROVINCE_STATE,ISO_CNTRY_CODE,PRODUCT_CODE,"
        "REFUSAL_DATE,DISTRICT,ENTRY_NUM,RFRNC_DOC_ID,LINE_NUM,LINE_SFX_ID,FDA_SAMPLE_ANALYSIS,PRIVATE_LAB_ANALYSIS,"
        "REFUSAL_CHARGES,PRDCT_CODE_DESC_TEXT\n"
        '3001,Firm,1 Road,,City,,CN,16AGT64,09-Dec-24,NYK-DO,1FX-1-0,2,3,,No ,No ,"75, 118",TUNA\n'
    )
    [row] = await served(tmp_path, session)
    assert (row["FEINumber"], row["RefusalDate"], row["RefusalCharges"]) == ("3001", "2024-12-09", "75,118")
    assert (row["ShipmentID"], row["IndustryCode"], row["ZipCode"]) == ("1FX-1-0/2/3", "16", None)


@pytest.mark.skipif(not (REAL / "fda").is_dir(), reason="needs the agencies' own files")
async def test_the_agency_s_own_files_are_loaded(session: aiohttp.ClientSession) -> None:
    rows = await served(REAL, session)
    assert len(rows) == 8
    assert {"9999999999", "3003378587"} <= {row["FEINumber"] for row in rows}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", b'{"rows": 5}', "has no list of refusals"),
        ("a.json", b'{"result": [{}]}', "row 1: has no 'RefusalDate'"),
        ("a.json", b"[]", "has no file with refusals"),
        ("a.csv", b"LGL_NAME\n", "has no column"),
    ],
)
async def test_a_file_of_another_shape_stops_the_start(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / "fda").mkdir()
    (tmp_path / "fda" / name).write_bytes(content)
    with pytest.raises(SandboxDataError, match=says):
        await Sandbox(tmp_path).start()
