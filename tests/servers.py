"""Servers on this machine, which the tests play."""

import http.server
import sys
import threading
from contextlib import contextmanager


class QuietServer(http.server.ThreadingHTTPServer):
    """A client that hangs up, or a handler that does so on purpose, prints no traceback; any other error does."""

    daemon_threads = True

    def handle_error(self, *request):
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*request)


@contextmanager
def serving(handler):
    """A server that answers by ``handler`` within the block; gives its address."""
    with QuietServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
