from __future__ import annotations

from collections import defaultdict
from itertools import chain

from mocksms.inspection.resources import MODULES, endpoints_of, first_segment
from mocksms.inspection.routes import ENDPOINTS, OPERATIONS


def test_table_has_each_module_with_what_its_paths_begin_with() -> None:
    declared: defaultdict[str, set[str]] = defaultdict(set)
    for endpoint in ENDPOINTS:
        declared[endpoint.handler.__module__.rpartition(".")[2]].add(first_segment(endpoint.operation.path))
    assert declared == {name: {*segments} for name, segments in MODULES.items()}


def test_each_endpoint_is_found_once() -> None:
    found = [each.operation.id for segment in {*chain(*MODULES.values())} for each in endpoints_of(segment)]
    assert sorted(found) == sorted(operation.id for operation in OPERATIONS)
