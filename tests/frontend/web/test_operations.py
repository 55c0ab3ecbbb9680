from starlette.testclient import TestClient

from frontend.web.operations import Operation, by_tag


def test_operations_are_listed_by_tag_in_the_order_of_the_document() -> None:
    def described(tag: str, name: str) -> dict[str, object]:
        return {"tags": [tag], "operationId": name, "summary": name.upper()}

    paths = {
        "/b": {"get": described("Two words", "one")},
        "/a": {"post": described("A", "two"), "get": described("Two words", "three")},
    }
    assert by_tag({"paths": paths}) == {
        "Two words": [
            Operation("get", "/b", "ONE", "#/Two%20words/one"),
            Operation("get", "/a", "THREE", "#/Two%20words/three"),
        ],
        "A": [Operation("post", "/a", "TWO", "#/A/two")],
    }


def test_the_page_has_every_operation_without_javascript(api: TestClient) -> None:
    page = api.get("/docs").text
    for path, methods in api.get("/openapi.json").json()["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in methods.values():
            assert operation["summary"] in page
