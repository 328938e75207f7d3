#!/usr/bin/env python3
"""A mail server for tests: keeps every message that it accepts as a file.

    tests/smtp/server.py --folder DIR [options]

Prints the port that it listens on as its first line. A message is a file of DIR before its sender hears "250": so what a
client believes to be delivered can be counted, also after the server was killed. Each begins with a `Received:` line that
tells who delivered it and how. Needs aiosmtpd (requirements.txt).
"""

import argparse
import asyncio
import itertools
import logging
import os
import re
import ssl
import warnings
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

HOST = "127.0.0.1"


def parse_arguments():
    parser = argparse.ArgumentParser(description="A mail server for tests.")
    parser.add_argument("--folder", type=Path, required=True, help="where accepted messages go; made if missing")
    parser.add_argument("--port", type=int, default=0, help="0, the default: a free one")
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none",
                        help="starttls: nothing is accepted before it")
    parser.add_argument("--certificate", type=Path, help="PEM, for --tls")
    parser.add_argument("--key", type=Path, help="PEM, for --tls")
    parser.add_argument("--user", help="refuse mail from clients that do not log in as this user")
    parser.add_argument("--password", default="")
    parser.add_argument("--mechanism", choices=["PLAIN", "LOGIN"], help="offer this way to log in alone")
    parser.add_argument("--utf8", action="store_true", help="offer SMTPUTF8")
    parser.add_argument("--refuse", type=re.compile, metavar="PATTERN", help="answer 550 for these recipients")
    parser.add_argument("--defer", type=re.compile, metavar="PATTERN", help="answer 451 for these recipients")
    parser.add_argument("--refuse-sender", type=re.compile, metavar="PATTERN", help="answer 550 for these senders")
    parser.add_argument("--stall", type=re.compile, metavar="PATTERN",
                        help="keep messages for these recipients, but never answer")
    parser.add_argument("--inject", action="store_true",
                        help="be a man in the middle: put an answer in clear text behind that to STARTTLS")
    arguments = parser.parse_args()
    if arguments.tls != "none" and not (arguments.certificate and arguments.key):
        parser.error("--tls needs --certificate and --key")
    return arguments


class Server(SMTP):
    """aiosmtpd's server, and the man in the middle before it."""

    inject = False

    async def push(self, status):
        if self.inject and status.startswith("220 Ready to start TLS"):
            status += "\r\n250 injected"
        await super().push(status)


class Handler:
    """Decides on senders and recipients, and stores messages."""

    def __init__(self, options):
        self.options = options
        self.numbers = itertools.count(1)
        options.folder.mkdir(parents=True, exist_ok=True)

    async def handle_MAIL(self, server, session, envelope, address, options):
        if matches(self.options.refuse_sender, address):
            return f"550 5.7.1 <{address}> may not send here"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if matches(self.options.refuse, address):
            return f"550 5.1.1 <{address}>: no such user"
        if matches(self.options.defer, address):
            return f"451 4.2.1 <{address}>: try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        received = received_line(session, encrypted=self.options.tls != "none")
        for recipient in envelope.rcpt_tos:
            self.store(recipient, received, envelope.original_content)
        if any(matches(self.options.stall, recipient) for recipient in envelope.rcpt_tos):
            await asyncio.Event().wait()
        return "250 2.0.0 OK"

    def store(self, recipient, received, message):
        message_id = message_from_bytes(message)["Message-ID"] or ""
        name = "_".join(re.sub(r"[^\w.@+-]", "", part) for part in (recipient, message_id))
        # A server that was started anew must not overwrite what the one before it kept.
        paths = (self.options.folder / f"{name}_{number:06}.eml" for number in self.numbers)
        path = next(path for path in paths if not path.exists())
        temporary = path.with_suffix(".part")
        with open(temporary, "wb") as file:
            file.write(received + message)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        sync_folder(self.options.folder)


def matches(pattern, address):
    return pattern is not None and pattern.search(address) is not None


def received_line(session, encrypted):
    login = session.auth_data.decode() if session.auth_data else "nobody"
    host, port = session.peer[:2]
    protocol = "TLS" if encrypted else "TCP"
    return f"Received: from {session.host_name} ({host}:{port}, {login}) by test with {protocol}\r\n".encode()


def sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def authenticator(options):
    def check(server, session, envelope, mechanism, login):
        right = (login.login, login.password) == (options.user.encode(), options.password.encode())
        # Not handled: aiosmtpd is to say 535.
        return AuthResult(success=right, handled=False, auth_data=login.login)

    return check if options.user else None


async def serve(options):
    context = None
    if options.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
    starttls = options.tls == "starttls"
    handler = Handler(options)
    Server.inject = options.inject

    def session():
        return Server(
            handler,
            hostname="test",
            enable_SMTPUTF8=options.utf8,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            auth_required=options.user is not None,
            auth_require_tls=starttls,
            auth_exclude_mechanism={"PLAIN", "LOGIN"} - {options.mechanism} if options.mechanism else None,
            authenticator=authenticator(options),
        )

    implicit = context if options.tls == "implicit" else None
    server = await asyncio.get_running_loop().create_server(session, HOST, options.port, ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    # Clients that hang up, and passwords in the clear, are what is tested.
    logging.getLogger("mail").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    try:
        asyncio.run(serve(parse_arguments()))
    except KeyboardInterrupt:
        pass
