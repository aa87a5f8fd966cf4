"""The way into the user's network: endpoints with a policy, reached by the functions alone."""

from collections.abc import Callable, Iterator

from tests.security.gate.templates import Data, Finding, Template

HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}

NOTHING = {
    "IpProtocol": "-1",
    "CidrIp": "127.0.0.1/32",
}  # without a rule CloudFormation lets everything out


def check_network(template: Template) -> Iterator[Finding]:
    """Find endpoints and security groups that let in more than the functions' HTTPS."""
    for logical_id, resource in template.data["Resources"].items():
        if check := CHECKS.get(resource["Type"]):
            for advice in check(resource["Properties"]):
                yield Finding(template.name, logical_id, advice)


def _endpoint(properties: Data) -> Iterator[str]:
    if not properties.get("PolicyDocument", {}).get("Statement"):
        yield "say what may be called through it: PolicyDocument"
    if properties.get("VpcEndpointType") == "Interface":
        if not properties.get("SecurityGroupIds"):
            yield "say who may reach it: SecurityGroupIds"
        if properties.get("PrivateDnsEnabled") is not True:
            yield "let the functions find it by the service's name: PrivateDnsEnabled"


def _security_group(properties: Data) -> Iterator[str]:
    for rule in properties.get("SecurityGroupIngress") or [{}]:
        if not rule.get("SourceSecurityGroupId") or {"CidrIp", "CidrIpv6"} & rule.keys():
            yield "let in the functions only: SourceSecurityGroupId"
        if {name: rule.get(name) for name in HTTPS} != HTTPS:
            yield "let in HTTPS only: tcp 443"
    rules = properties.get("SecurityGroupEgress", [])
    if [{name: rule.get(name) for name in NOTHING} for rule in rules] != [NOTHING]:
        yield "let nothing out: SecurityGroupEgress to 127.0.0.1/32"


CHECKS: dict[str, Callable[[Data], Iterator[str]]] = {
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EC2::SecurityGroup": _security_group,
}
