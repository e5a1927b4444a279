"""The command line: one question, one answer, and an exit code that a script can act on.

    0    a look-up (hts, refusals, rulings, ruling) found what was asked; a screening, a snapshot or a batch found
         nothing adverse in what was asked, and the output says what that was
    1    something to look at: a hit, a country program, an answer of a screening that is not whole; or no such record
    2    bad usage: an option, a setting or a file that cannot be; nothing was sent
    3    not answered: an outage, a key that is not set, no outcome; it is never taken for "nothing found"
    130  interrupted

`doctor` ends with 1 when something differs or is not configured, and with 3 when an agency or the list cannot be used.
`serve`, `worker` and `sandbox` end with 0 after a graceful stop, 1 when they could not run, 2 when a setting is wrong.
"""
