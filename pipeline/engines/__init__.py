"""One file an engine; untyped libraries stop here."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""Before a library is read: onnxruntime (of Whisper and Piper) makes itself an id for this machine
on import, keeps it in ~/.cache/Microsoft and sends Microsoft what is done with it (1.31)."""
