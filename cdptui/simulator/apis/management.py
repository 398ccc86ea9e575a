"""Management APIs: version, time, time zone, capabilities and licences."""

from __future__ import annotations

from cdptui.simulator.http_types import Response
from cdptui.simulator.java_json import encode, in_hash_order, zone_offset
from cdptui.simulator.node_state import NodeState
from cdptui.simulator.routing import Call, Route

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

    def _addons(self, _call: Call) -> Response:
        addon = in_hash_order(
            {
                "name": "CDP",
                "modules": ["cdp"],
                "licenseType": "AddOn",
                "expired": False,
                "issuedDate": self._state.date(self._state.started_at - 200 * 86400),
                "expiredDate": self._state.date(self._state.started_at + 500 * 86400),
            }
        )
        return Response(200, encode({"addons": [addon]}))
