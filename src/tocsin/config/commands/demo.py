"""``tocsin demo``: a sample town to look at. What it is made of stands in ``tocsin.config.demo``."""

import argparse
import importlib
import os
from dataclasses import replace
from pathlib import Path

from tocsin.bulk.request import EXIT_INTERRUPTED, ScanError
from tocsin.config.command import EXIT_BAD_ROWS, EXIT_DONE, CommandError
from tocsin.config.demo import children, homes
from tocsin.config.demo.homes import Marker

HELP = "A sample town on the embedded database, to look at"
# The server imports Django and loads the engine before its first answer.
SERVER_SECONDS = 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to keep it and where to serve it."""
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default %(default)s)")
    parser.add_argument("--no-serve", action="store_true", help="build the town and end")
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(os.environ.get("TOCSIN_HOME") or Path("var") / "demo"),
        help="folder to keep the town in (default: $TOCSIN_HOME, else var/demo)",
    )


def run(args: argparse.Namespace) -> int:
    """Build the town where there is none, print what the scan found, and serve until told to stop."""
    home = args.home.absolute()
    try:
        if not args.no_serve:
            children.require_free_port(args.port)
        with children.stop_on_signals():
            marker = _find(home) or _build(home)
            _say("\n".join(["", *marker.report]))
            return EXIT_DONE if args.no_serve else _serve(home, marker, args.port)
    except children.Stopped as stop:
        raise CommandError("stopped; the next start begins again", EXIT_INTERRUPTED) from stop
    except (children.PortTakenError, OverflowError) as error:
        raise CommandError(f"{error}; choose another --port") from error
    except (homes.NotADemoHomeError, homes.BusyError) as error:
        raise CommandError(str(error)) from error
    except ScanError as error:
        raise CommandError(str(error), error.status) from error
    except children.ChildEndedError as error:
        raise CommandError(str(error), EXIT_BAD_ROWS) from error
    except OSError as error:
        raise CommandError(f"{error.filename or home}: {error.strerror or error}") from error


def _find(home: Path) -> Marker | None:
    """The town that is there already, brought up to this program's migrations; None where there is none."""
    marker = homes.read_marker(home)
    if marker is not None and marker.schema != homes.schema_digest():
        children.run_once(["manage", "migrate", "-v0"], _environment(home))
        marker = replace(marker, schema=homes.schema_digest())
        homes.write_marker(home, marker)
    return marker


def _build(home: Path) -> Marker:
    """Build the home aside and put it in its place."""
    _say(f"首次启动，正在准备 First start, preparing {home}")
    with homes.drafting(home) as draft:
        # Another start may have finished between the first look and the lock.
        finished = homes.read_marker(home)
        if finished is not None:
            return finished
        homes.enter(os.environ, draft)
        # Django reads the environment when it is first imported, so not before this point.
        building = importlib.import_module("tocsin.config.demo.building")
        marker: Marker = building.build(draft, home, _say)
        homes.publish(draft, home, marker)
    return marker


def _serve(home: Path, marker: Marker, port: int) -> int:
    """Run worker and server until one of them ends or someone stops this program."""
    running = children.Children(_environment(home))
    try:
        running.start(["work"])
        running.start(["serve", "--port", str(port)])
        running.wait_for_page(port, seconds=SERVER_SECONDS)
        _say(_where_to_look(home, marker, f"http://localhost:{port}"))
        running.watch()
    except children.Stopped:
        _say("\n正在停止 Stopping.")
    finally:
        running.stop()
    return EXIT_DONE


def _environment(home: Path) -> dict[str, str]:
    environment = dict(os.environ)
    homes.enter(environment, home)
    return environment


def _where_to_look(home: Path, marker: Marker, address: str) -> str:
    return f"""
公众页面 Public pages   {address}/
举报回执 A report       {address}/report/{marker.receipt}
工作台   The desk       {address}/desk/
登录名   Sign in as     analyst, second, intake, approver, editor, auditor, admin, lincheng, hexi
口令     Password       {homes.PASSWORD} (所有人相同 the same for all)

人名、品牌、号码均为虚构；口令公开，不要两步验证，只供在本机观看。
People, brands and numbers are invented. The password is public and there is no second
factor: for a look on this machine, not for work.
数据 Data: {home} (删除即可重来 delete it to start afresh)
按 Ctrl-C 停止 Ctrl-C stops it."""


def _say(text: str) -> None:
    print(text, flush=True)
