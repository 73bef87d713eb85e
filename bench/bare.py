"""The least that a listener must do for a message: write its bytes to a file, sync the file, and answer. A yardstick."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ANSWER = b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|1\r\x1c\r"


async def serve(folder: Path) -> None:
    """Answer until somebody ends this process; says its port as the listener does."""
    file = (folder / "bare.bin").open("ab", buffering=0)

    def synced(frame: bytes) -> None:
        file.write(frame)
        os.fsync(file.fileno())

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while frame := await reader.readuntil(b"\x1c\r"):
                await asyncio.to_thread(synced, frame)
                writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    print(f"Listening for nothing on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
