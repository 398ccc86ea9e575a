"""The minimum of a poll: fetch the pages one by one and `json.loads` each. Prints when it was done.

`python fetch_pages.py URL TASKS`, run as a file. The pages overlap as in cdptui: each begins on the last known row.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import sys
import time
from urllib.parse import urlsplit


def main() -> None:
    host, tasks = urlsplit(sys.argv[1]).netloc, int(sys.argv[2])
    connection = http.client.HTTPConnection(host)
    login = {"logInByAccount": {"accountName": "admin", "password": hashlib.sha512(b"password").hexdigest()}}
    connection.request("PUT", "/zstack/v1/accounts/login", json.dumps(login), {"Content-Type": "application/json"})
    headers = {"Authorization": f"OAuth {json.load(connection.getresponse())['inventory']['uuid']}"}
    kept, position = [], 0
    while position < tasks:
        start = max(0, position - 1)
        query = f"limit={1000 + position - start}&start={start}&replyWithCount=true&sort=%2Buuid"
        connection.request("GET", f"/zstack/v1/cdp-task?{query}", headers=headers)
        rows = json.loads(connection.getresponse().read())["inventories"]
        kept.append(rows)
        position = start + len(rows)
    sys.stdout.write(f"{time.monotonic()}\n")


if __name__ == "__main__":
    main()
