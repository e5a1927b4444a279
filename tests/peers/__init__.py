"""The own test suites of requests, aiohttp, urllib3 and aiohttp-retry, run over this project's two pools."""
