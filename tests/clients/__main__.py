"""Run the clients against the demo engines and write their table into docs/clients.md."""

from frontend.local.service import local_service
from tests.clients.calls import all_calls
from tests.clients.environment import clients_python
from tests.clients.table import DOCUMENT, write


def main() -> None:
    python = clients_python()
    with local_service() as service:
        write(all_calls(python, service.url))
    print(f"Wrote {DOCUMENT}")


if __name__ == "__main__":
    main()
