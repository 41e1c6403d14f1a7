"""What there is to know of one alert, for whoever it wakes. In: what a spec was compiled to. Out: a page of facts; `commands/explain.py`
shows it. `lateness` is how late it is told, `told` who hears of it and when, `muting` what holds it back, `page` all of it."""
