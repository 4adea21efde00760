"""The application of the benchmark image; nobody starts it."""

import http.server

http.server.ThreadingHTTPServer(("", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()
