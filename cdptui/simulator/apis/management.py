"""Management APIs: version, time, time zone, capabilities and licences."""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5

from cdptui.simulator.http_types import Response
from cdptui.simulator.java_json import encode, in_hash_order, zone_offset
from cdptui.simulator.node_state import NODE_UUID, NodeState
from cdptui.simulator.routing import Call, Route

_DAY_S = 86400
_MANAGED = "org.zstack.header.managementnode"


class Management:
    """Management APIs. Their responses contain `success`, as they are mapped with "all"."""

    def __init__(self, state: NodeState) -> None:
        self._state = state

    def apis(self) -> list[Route]:
        """Return the APIs."""
        actions = {
            "getVersion": ("APIGetVersionMsg", self._version),
            "getCurrentTime": ("APIGetCurrentTimeMsg", self._time),
            "getSupportAPIs": ("APIGetSupportAPIsMsg", self._supported),
        }
        return [
            *(
                Route(
                    name=f"{_MANAGED}.{name}",
                    method="PUT",
                    paths=("/management-nodes/actions",),
                    handle=handle,
                    body_key=word,
                    is_public=True,
                )
                for word, (name, handle) in actions.items()
            ),
            Route(
                name=f"{_MANAGED}.APIGetPlatformTimeZoneMsg",
                method="GET",
                paths=("/management-nodes/platform-timezone",),
                handle=self._zone,
            ),
            Route(
                name="org.zstack.license.APIGetLicenseInfoMsg",
                method="GET",
                paths=("/licenses",),
                handle=self._license,
            ),
            Route(
                name="org.zstack.license.APIGetLicenseAddOnsMsg",
                method="GET",
                paths=("/licenses/addons",),
                handle=self._addons,
                is_public=True,
            ),
        ]

    def _version(self, _call: Call) -> Response:
        return Response(200, encode({"version": self._state.settings.version, "success": True}))

    def _time(self, _call: Call) -> Response:
        now = self._state.server_time()
        # `MillionSeconds` is the vendor's spelling; the value is milliseconds.
        moment = {"MillionSeconds": int(now * 1000), "Seconds": int(now)}
        return Response(200, encode({"currentTime": moment, "success": True}))

    def _supported(self, _call: Call) -> Response:
        return Response(200, encode({"supportApis": self._state.supported_messages, "success": True}))

    def _zone(self, _call: Call) -> Response:
        offset = zone_offset(self._state.server_time(), self._state.zone)
        return Response(200, encode({"timezone": self._state.settings.zone, "offset": offset, "success": True}))

    def _license(self, _call: Call) -> Response:
        hosts = len(self._state.world.hosts)
        values: dict[str, object] = {
            **self._term("license"),
            "licenseType": "Paid",
            "user": "simulator",
            "prodInfo": "ZStack Cloud",
            "cpuNum": 2 * hosts + 4,
            "availableCpuNum": 4,
            "hostNum": hosts + 2,
            "availableHostNum": 2,
            "managementNodeUuid": NODE_UUID,
        }
        return Response(200, encode({"inventory": in_hash_order(values)}))

    def _addons(self, _call: Call) -> Response:
        values: dict[str, object] = {
            **self._term("cdp add-on"),
            "name": "CDP",
            "modules": ["cdp"],
            "licenseType": "AddOn",
            "hostNum": len(self._state.world.hosts),
        }
        return Response(200, encode({"addons": [in_hash_order(values)]}))

    def _term(self, name: str) -> dict[str, object]:
        return {
            "uuid": uuid5(NAMESPACE_OID, name).hex,
            "expired": False,
            "issuedDate": self._state.date(self._state.started_at - 200 * _DAY_S),
            "expiredDate": self._state.date(self._state.started_at + 500 * _DAY_S),
        }
