"""What browsers are sent: our own pages, and under `vendor` two libraries from npm as their packages have them.

`vendor/vendored.json` names their packages, versions, licences and files with SHA-256; to renew one, take the files
anew from `npm pack PACKAGE@VERSION` and write them down there.
"""
