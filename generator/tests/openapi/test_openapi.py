"""Bad OpenAPI contracts: what is said, where, and that the good twin beside each is read without a word."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from tenon.finding import Finding
from tenon.model.rest import Document
from tenon.read import asyncapi, catalog, openapi
from tenon.read.tree import Tree

HEAD = 'openapi: 3.1.0\ninfo: {title: T, version: "1"}\n'


def tree(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Tree.scan(root, "contracts")


def read(root: Path, files: dict[str, str]) -> tuple[tuple[Document, ...], list[Finding]]:
    return openapi.read(tree(root, files))


def said(findings: list[Finding]) -> list[str]:
    return [f"{f.severity.name.lower()} {f.rule} {f.at.file.removeprefix('contracts/')}:{f.at.line}" for f in findings]


def operation(rest: str = "", path: str = "/a", method: str = "get") -> str:
    body = textwrap.indent(textwrap.dedent(rest).strip(), " " * 6)
    return f"{HEAD}paths:\n  {path}:\n    {method}:\n      responses: {{'204': {{description: ok}}}}\n{body}\n"


BAD = {
    "url": ("components: {schemas: {A: {$ref: 'https://example.com/a.json'}}}", "error ref-outside"),
    "file url": ("components: {schemas: {A: {$ref: 'file:///etc/passwd'}}}", "error ref-outside"),
    "no scheme": ("components: {schemas: {A: {$ref: '//example.com/a.json'}}}", "error ref-outside"),
    "absolute": ("components: {schemas: {A: {$ref: '/etc/passwd'}}}", "error ref-outside"),
    "escaped": ("components: {schemas: {A: {$ref: '%2Fetc%2Fpasswd'}}}", "error ref-outside"),
    "windows": ("components: {schemas: {A: {$ref: 'c:\\a.yaml'}}}", "error ref-outside"),
    "upwards": ("components: {schemas: {A: {$ref: '../../../etc/hosts'}}}", "error ref-missing"),
    "no such file": ("components: {schemas: {A: {$ref: 'b.yaml'}}}", "error ref-missing"),
    "no such place": ("components: {schemas: {A: {$ref: '#/components/schemas/B'}}}", "unsupported ref-missing"),
    "the whole document": ("components: {schemas: {A: {$ref: '#'}}}", "unsupported ref-missing"),
    "itself": ("components: {schemas: {A: {$ref: '#/components/schemas/A'}}}", "error ref-cycle"),
    "a circle": (
        "components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}",
        "error ref-cycle",
    ),
    "no object": ("paths: {/a: [1]}", "error shape"),
    "no path": ("paths: {a: {get: {responses: {}}}}", "error path"),
    "path that contains itself": ("paths: {/a: {$ref: '#/paths/~1a'}}", "error ref-cycle"),
    "properties that contain themselves": (
        "components: {x-p: {a: {properties: {$ref: '#/components/x-p'}}}, "
        "schemas: {A: {properties: {$ref: '#/components/x-p'}}}}",
        "error ref-cycle",
    ),
    "paths inside paths": (
        "paths: {"
        + ", ".join(f"/p{i}: {{get: {{callbacks: {{c: {{e: {{$ref: '#/paths/~1p{i + 1}'}}}}}}}}}}" for i in range(2000))
        + ", /p2000: {}}",
        "error ref-cycle",
    ),
    "parameter without name": ("paths: {/a: {get: {parameters: [{in: query}]}}}", "error parameter"),
    "parameter in the body": ("paths: {/a: {get: {parameters: [{name: a, in: body}]}}}", "error parameter"),
    "deadline": ("paths: {/a: {get: {x-tenon-deadline: soon}}}", "error extension"),
    "idempotency": ("paths: {/a: {get: {x-tenon-idempotency: perhaps}}}", "error extension"),
    "objective": ("paths: {/a: {get: {x-tenon-slo: {availability: 2, latency: 1s}}}}", "error extension"),
    "rpc": ("paths: {/a: {get: {x-tenon-rpc: [a]}}}", "error extension"),
    "server": ("paths: {/a: {get: {servers: [{url: 'http://[::'}]}}}", "warning server"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_contract(name: str, tmp_path: Path) -> None:
    text, wanted = BAD[name]
    _, findings = read(tmp_path, {"a.yaml": HEAD + text})
    assert findings and said(findings)[0] == f"{wanted} a.yaml:3"
    assert all(finding.remedy for finding in findings)


def test_references_inside_the_folder_are_followed(tmp_path: Path) -> None:
    files = {
        "one/a.yaml": HEAD + "components: {schemas: {A: {$ref: '../two/b.yaml#/B~1x'}}}",
        "two/b.yaml": "B/x: {type: array, items: {$ref: '../one/a.yaml#/components/schemas/A'}}",
    }
    (document,), findings = read(tmp_path, files)
    assert not findings
    assert document.bundled["components"]["schemas"] == {
        "A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}
    }
    ((_, schema),) = document.schemas
    assert str(schema.at) == "contracts/two/b.yaml:1:1"


def test_data_is_never_a_reference(tmp_path: Path) -> None:
    text = "components: {schemas: {A: {default: {$ref: 'http://x'}, enum: [{$ref: /x}], properties: {$ref: {}}}}}"
    (document,), findings = read(tmp_path, {"a.yaml": HEAD + text})
    assert not findings
    assert document.bundled["components"]["schemas"]["A"]["default"] == {"$ref": "http://x"}


def test_a_link_out_of_the_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("type: string\n")
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "b.yaml").symlink_to(tmp_path / "secret.yaml")
    _, findings = read(contracts, {"a.yaml": HEAD + "components: {schemas: {A: {$ref: b.yaml}}}"})
    assert said(findings) == ["error ref-missing a.yaml:3"]


def test_two_operations_with_one_id_name_both_places(tmp_path: Path) -> None:
    text = HEAD + "paths:\n  /a: {get: {operationId: x}}\n  /b: {get: {operationId: x}}\n"
    _, (finding,) = read(tmp_path, {"a.yaml": text})
    assert (finding.rule, finding.at.line, finding.also and finding.also.line) == ("operation-id", 5, 4)


def test_two_operations_that_no_server_can_tell_apart(tmp_path: Path) -> None:
    text = HEAD + "paths:\n  /a/{x}: {get: {operationId: x}}\n  /a/{y}: {get: {operationId: y}}\n"
    (document,), findings = read(tmp_path, {"a.yaml": text})
    assert [o.id.raw for o in document.operations] == ["x"]
    assert [(f.rule, f.at.line, f.also and f.also.line) for f in findings if f.severity.name != "WARNING"] == [
        ("route-collision", 5, 4)
    ]


def test_operations_without_id_get_one(tmp_path: Path) -> None:
    text = (
        HEAD
        + "paths:\n  /a/{b}-c: {get: {}, post: {}}\n  /a/b/c: {get: {operationId: get_a_b_c}}\n  /a.b.c: {get: {}}\n"
    )
    (document,), _ = read(tmp_path, {"a.yaml": text})
    assert [o.id.raw for o in document.operations] == ["get_a_b_c_2", "post_a_b_c", "get_a_b_c", "get_a_b_c_3"]


@pytest.mark.parametrize(
    ("security", "scopes", "public"),
    [
        ("", [], True),
        ("security: []", [], True),
        ("security: [{}]", [], True),
        ("security: [{o: [a, b]}]", ["a", "b"], False),
        ("security: [{o: [a], k: []}, {k: [c]}]", ["a"], False),
        ("security: [{o: [a]}, {}]", [], True),
        ("security: [{k: []}]", [], False),
    ],
)
def test_security(security: str, scopes: list[str], public: bool, tmp_path: Path) -> None:
    (document,), _ = read(tmp_path, {"a.yaml": operation(security)})
    (made,) = document.operations
    assert ([scope.raw for scope in made.policy.scopes], made.policy.public) == (scopes, public)


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ("[{url: 'https://example.com/v1/'}]", "/v1/a"),
        ("[{url: /}]", "/a"),
        ("[{url: '/{base}/x', variables: {base: {default: b}}}]", "/b/x/a"),
        ("[{url: '{host}/{none}'}]", "/a"),
        ("[]", "/a"),
    ],
)
def test_the_first_server_gives_the_base_path(servers: str, path: str, tmp_path: Path) -> None:
    (document,), _ = read(tmp_path, {"a.yaml": operation(f"servers: {servers}")})
    assert document.operations[0].path.raw == path


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("swagger: '2.0'\n", ["unsupported openapi-version a.yaml:1"]),
        ("openapi: 3.2.0\n", ["unsupported openapi-version a.yaml:1"]),
        ("openapi: 4\n", ["unsupported openapi-version a.yaml:1"]),
        ("openapi: [3]\n", ["unsupported openapi-version a.yaml:1"]),
        ("title: nothing to do with it\n", []),
        ("# openapi: 3\nother: {openapi: 3.1.0}\n", []),
        ("kind: List\n---\nkind: Other\n", []),
        ("{{ a template }}\n", []),
    ],
)
def test_files_are_recognised_by_what_they_say(text: str, rules: list[str], tmp_path: Path) -> None:
    documents, findings = read(tmp_path, {"a.yaml": text})
    assert (documents, said(findings)) == ((), rules)


def test_a_file_that_is_called_a_contract_has_to_be_one(tmp_path: Path) -> None:
    made = tree(tmp_path, {"a/a.openapi.yaml": "title: x\n", "a/a.asyncapi.yaml": "title: x\n"})
    assert said(openapi.read(made)[1]) == ["error openapi-version a/a.openapi.yaml:1"]
    assert said(asyncapi.read(made)[1]) == ["error asyncapi-version a/a.asyncapi.yaml:1"]


@pytest.mark.parametrize(
    ("file", "package"),
    [
        ("identity/v1/identity.openapi.yaml", "identity.v1"),
        ("kubernetes/swagger-v3.yml", "kubernetes.swagger_v3"),
        ("stripe.yaml", "stripe"),
        ("2020-09-14.yml", "n2020_09_14"),
        ("box/openapi.yaml", "box"),
        ("a/class/import.yaml", "a.class_.import_"),
        ("a/types.yaml", "a.types_"),
        ("Ümläut/$(x).yaml", "ml_ut.x"),
    ],
)
def test_packages(file: str, package: str, tmp_path: Path) -> None:
    (document,), _ = read(tmp_path, {file: HEAD})
    assert document.package == package


def test_documents_that_would_share_a_package(tmp_path: Path) -> None:
    documents, findings = read(tmp_path, {"a/v1/one.openapi.yaml": HEAD, "a/v1/two.openapi.yaml": HEAD})
    assert [d.package for d in documents] == ["a.v1.one", "a.v1.two"] and not findings
    _, (finding,) = read(tmp_path / "x", {"b/c.yaml": HEAD, "b/C.yml": HEAD})
    assert (finding.rule, finding.also and finding.also.file) == ("package-collision", "contracts/b/C.yml")


def test_extensions(tmp_path: Path) -> None:
    text = operation(
        """
        x-tenon-rpc: a.v1.B/C
        x-tenon-deadline: 1.5s
        x-tenon-idempotency: KEY_REQUIRED
        x-tenon-slo: {availability: 0.99, latency: 100ms}
        requestBody: {x-tenon-field: payload, content: {}}
        parameters: [{name: a, in: query, schema: {}, x-tenon-field: b.c}]
        """
    )
    (document,), findings = read(tmp_path, {"a.yaml": text})
    (made,) = document.operations
    assert not findings
    assert made.rpc and made.rpc.raw == "a.v1.B/C"
    assert made.body_field and made.body_field.raw == "payload"
    assert made.parameters[0].field and made.parameters[0].field.raw == "b.c"
    assert (made.policy.deadline, made.policy.idempotency and made.policy.idempotency.name) == (1.5, "KEY_REQUIRED")
    assert made.policy.slo and (made.policy.slo.latency_seconds, made.policy.slo.latency_share) == (0.1, 0.99)


def test_component_descriptors(tmp_path: Path) -> None:
    text = """
    kind: Component
    metadata: {name: shop, annotations: {tenon.dev/language: python, tenon.dev/owns: "orders, items"}}
    spec: {owner: group:shop, lifecycle: production}
    """
    files = {"shop/catalog-info.yaml": textwrap.dedent(text), "x/catalog-info.yaml": "kind: System\n"}
    (component,), findings = catalog.read(tree(tmp_path, files))
    assert not findings
    assert (component.domain, component.owner.raw, [t.raw for t in component.tables]) == (
        "shop", "group:shop", ["orders", "items"],
    )  # fmt: skip
    _, findings = catalog.read(tree(tmp_path / "bad", {"x/catalog-info.yaml": "kind: Component\n"}))
    assert said(findings) == ["error catalog x/catalog-info.yaml:1"]
