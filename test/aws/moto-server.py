"""moto's server, put right where it does not do what AWS does and the product's own path would notice.

Each change names the page of AWS that says how it is. What moto does not know at all stays so.
"""

import copy
import functools
import json
import re

import moto.server
from moto.autoscaling import models as autoscaling
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudformation import models as cloudformation
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult
from moto.ec2.models import amis, instances
from moto.ec2.responses import EC2Response
from moto.elbv2.models import elbv2_backends
from moto.servicequotas.responses import ServiceQuotasResponse

# Each template is read once: moto reads it several times for each call, and a second each.

parsed = functools.lru_cache(cloudformation.Stack.parse_template)


def parse_template(template):
    return copy.deepcopy(parsed(template))


def parse_of_change_set(self):
    self.template_dict = parse_template(self.template)


cloudformation.Stack.parse_template = staticmethod(parse_template)
cloudformation.ChangeSet._parse_template = parse_of_change_set

# CloudFormation: change sets
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html


def changes_between(change_set):
    """A change set names what its conditions let it make, and what changes only because a parameter does."""
    old, new = change_set.stack.resource_map, change_set.template_dict["Resources"]
    changed = {name for name, value in change_set.parameters.items() if str(old.input_parameters.get(name)) != str(value)}
    changes = []
    for action, names in old.build_resource_diff(change_set.template_dict, change_set.parameters).items():
        for name in names:
            before, after = old._resource_json_map.get(name, {}), new.get(name, {})
            change = cloudformation.Change(action, name, (after or before)["Type"])
            if action == "Modify":
                change.replacement, change.details = "False", details_of(before, after, changed | {*names})
            changes.append(change)
    return changes


def details_of(before, after, changed):
    """Which properties change: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceTargetDefinition.html"""
    paths = changed_paths(before.get("Properties"), after.get("Properties"), changed, "/Properties")
    return [
        {"Target": {"Attribute": "Properties", "Name": path.split("/")[2], "Path": path, "RequiresRecreation": "Never"}}
        for path in paths
    ]


def changed_paths(before, after, changed, path):
    is_function = isinstance(after, dict) and any(key == "Ref" or key.startswith("Fn::") for key in after)
    if isinstance(after, dict) and isinstance(before, dict) and not is_function:
        keys = {**before, **after}
        return [one for key in keys for one in changed_paths(before.get(key), after.get(key), changed, f"{path}/{key}")]
    used = {*parsing.get_references_from_template(after), *attributes_used(after)}
    return [path] if before != after or used & changed else []


cloudformation.ChangeSet.diff = changes_between

make_change_set = cloudformation.CloudFormationBackend.create_change_set


def create_change_set(self, stack_name, change_set_name, change_set_type, **rest):
    """A stack that has change sets only gets one more: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html"""
    known = [one for one in self.stacks.values() if one.name == stack_name]
    made_id, stack_id = None, None
    try:
        made_id, stack_id = make_change_set(self, stack_name, change_set_name, change_set_type=change_set_type, **rest)
    finally:
        if change_set_type == "CREATE":
            for stack in [one for one in self.stacks.values() if one.name == stack_name and one not in known]:
                if known or made_id is None:
                    del self.stacks[stack.stack_id]
    if change_set_type == "CREATE" and known:
        change_set = self.change_sets[made_id]
        change_set.stack, change_set.stack_id = known[0], known[0].stack_id
    return made_id, self.change_sets[made_id].stack_id


def execute_change_set(self, change_set_name, stack_name=None):
    """Makes outputs and tags, too, and leaves no change set: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html"""
    change_set = self.describe_change_set(change_set_name)
    stack = change_set.stack
    if change_set.change_set_type == "UPDATE":
        stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags)
    else:
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.template, stack.parameters, stack.tags = change_set.template, change_set.parameters, change_set.tags
        stack.cross_stack_resources = self.exports
        stack._parse_template()
        stack.resource_map = stack._create_resource_map()
        stack.output_map = stack._create_output_map()
        stack.create_resources()
    for one in [one for one in self.change_sets.values() if one.stack is stack]:
        del self.change_sets[one.change_set_id]


cloudformation.CloudFormationBackend.create_change_set = create_change_set
cloudformation.CloudFormationBackend.execute_change_set = execute_change_set

# CloudFormation: parameters
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html

load_parameters = parsing.ResourceMap.load_parameters


def violates(slot, value):
    if "AllowedValues" in slot and value not in [str(one) for one in slot["AllowedValues"]]:
        return True
    if "AllowedPattern" in slot and not re.fullmatch(slot["AllowedPattern"], value):
        return True
    if slot.get("Type") != "Number":
        return not slot.get("MinLength", 0) <= len(value) <= slot.get("MaxLength", len(value))
    return not re.fullmatch(r"-?\d+(\.\d+)?", value) or not (
        float(slot.get("MinValue", value)) <= float(value) <= float(slot.get("MaxValue", value))
    )


def load_judged_parameters(self):
    slots = self._template.get("Parameters", {})
    unknown = [name for name in self.input_parameters if name not in slots]
    if unknown and self._template:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for name, value in self.input_parameters.items():
        slot = slots.get(name, {})
        if slot.get("Type", "").startswith(("AWS::SSM", "List", "Comma")) or not violates(slot, str(value)):
            continue
        why = slot.get("ConstraintDescription", "its constraints")
        raise ValidationError(message=f"Parameter {name} failed to satisfy constraint: {why}")
    load_parameters(self)


load = parsing.ResourceMap.load


def load_and_judge(self):
    """Rules are judged with the parameters: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html"""
    load(self)
    holds = lambda assertion: parsing.parse_condition(assertion, self._parsed_resources, self.lazy_condition_map)
    for rule in self._template.get("Rules", {}).values():
        if holds(rule.get("RuleCondition", True)):
            for one in rule["Assertions"]:
                if not holds(one["Assert"]):
                    raise ValidationError(message=f"Template validation error: {one['AssertDescription']}")


parsing.ResourceMap.load_parameters = load_judged_parameters
parsing.ResourceMap.load = load_and_judge


def shown_parameters(self):
    """A list is shown as it was given: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html"""
    text = lambda value: ",".join(map(str, value)) if isinstance(value, list) else str(value)
    hidden = self.resource_map.no_echo_parameter_keys
    return [
        {"ParameterKey": key, "ParameterValue": "****" if key in hidden else text(value)}
        for key, value in self.resource_map.resolved_parameters.items()
    ]


cloudformation.Stack.parameter_list = property(shown_parameters)

delete_stack = cloudformation.Stack.delete


def delete_with_outputs(self):
    """A deleted stack can still be described by its id: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html"""
    list(self.output_map.values())
    delete_stack(self)


cloudformation.Stack.delete = delete_with_outputs

def previous_values(self):
    """A previous value is what was given, whatever moto has made of it."""
    return {one["ParameterKey"]: one["ParameterValue"] for one in shown_parameters(self)}


cloudformation.Stack.stack_parameters = property(previous_values)

# CloudFormation: updates

build_resource_diff = parsing.ResourceMap.build_resource_diff


def read(self, template, parameters):
    """The template with these parameters; judged as CloudFormation does before it works anything out."""
    loaded = parsing.ResourceMap(
        stack_id=self.stack_id,
        stack_name=self._parsed_resources["AWS::StackName"],
        parameters=parameters,
        tags={},
        region_name=self._region_name,
        account_id=self._account_id,
        template=template,
        cross_stack_resources=self.cross_stack_resources,
    )
    loaded.load()
    return loaded


def made(self):
    """What the conditions let a template make: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html"""
    is_made = lambda resource: "Condition" not in resource or self.lazy_condition_map[resource["Condition"]]
    return [name for name, resource in self._resource_json_map.items() if is_made(resource)]


def attributes_used(value):
    """The resources whose attributes a part of a template takes."""
    if isinstance(value, list):
        return {name for one in value for name in attributes_used(one)}
    if not isinstance(value, dict):
        return set()
    return {
        name
        for key, inner in value.items()
        for name in ([inner[0]] if key == "Fn::GetAtt" else attributes_used(inner))
    }


def build_whole_diff(self, other_template, parameters=None):
    """Conditions count, and what takes an attribute of something that changes is changed after it, by "dynamic evaluation":
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html"""
    old = made(self) if self._template else []
    new = made(read(self, other_template, parameters or self.input_parameters))
    modified = build_resource_diff(self, other_template, parameters)["Modify"]
    uses = {name: attributes_used(other_template["Resources"][name]) for name in new}
    while more := [name for name in new if name not in modified and uses[name] & {*modified}]:
        modified += more
    return {
        "Add": [name for name in new if name not in old],
        "Modify": [name for name in modified if name in new and name in old],
        "Remove": [name for name in old if name not in new],
    }


update_resources = parsing.ResourceMap.update


def update_and_forget(self, template, parameters=None):
    removed = build_whole_diff(self, template, parameters)["Remove"]
    update_resources(self, template, parameters)
    for name in removed:
        self._parsed_resources.pop(name, None)


update_resource = parsing.parse_and_update_resource


def update_or_keep(logical_id, resource_json, resources_map, account_id, region_name):
    """What moto cannot update is still there."""
    kept = resources_map._parsed_resources.get(logical_id)
    return update_resource(logical_id, resource_json, resources_map, account_id, region_name) or kept


parsing.ResourceMap.build_resource_diff = build_whole_diff
parsing.ResourceMap.update = update_and_forget
parsing.parse_and_update_resource = update_or_keep


create_group = autoscaling.FakeAutoScalingGroup.create_from_cloudformation_json.__func__


def create_remembered_group(cls, resource_name, cloudformation_json, account_id, region_name, **rest):
    group = create_group(cls, resource_name, cloudformation_json, account_id, region_name, **rest)
    group.asked_limits = limits_in(cloudformation_json["Properties"])
    return group


def limits_in(properties):
    return int(properties["MinSize"]), int(properties["MaxSize"])


def update_group(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    """All but a few properties of a group are updated without an interruption, and it keeps its instances.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-autoscalinggroup.html"""
    properties = cloudformation_json["Properties"]
    # UpdatePolicy IgnoreUnmodifiedGroupSizeProperties: what the template does not change stays as somebody has set it.
    asked = zip(limits_in(properties), original_resource.asked_limits)
    min_size, max_size = [None if new == old else new for new, old in asked]
    original_resource.update(
        availability_zones=[],
        desired_capacity=None,
        min_size=min_size,
        max_size=max_size,
        launch_config_name=None,
        launch_template=properties.get("LaunchTemplate", {}),
        vpc_zone_identifier=",".join(properties.get("VPCZoneIdentifier", [])),
        health_check_period=properties.get("HealthCheckGracePeriod"),
        health_check_type=properties.get("HealthCheckType"),
        mixed_instances_policy=properties.get("MixedInstancesPolicy", {}),
    )
    original_resource.asked_limits = limits_in(properties)
    return original_resource


autoscaling.FakeAutoScalingGroup.create_from_cloudformation_json = classmethod(create_remembered_group)
autoscaling.FakeAutoScalingGroup.update_from_cloudformation_json = classmethod(update_group)

# Auto Scaling

launch = autoscaling.FakeAutoScalingGroup.replace_autoscaling_group_instances


def launch_with_version(self, count_needed, propagated_tags):
    """A member has the number of the version that it was launched from: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html"""
    known = len(self.instance_states)
    launch(self, count_needed, propagated_tags)
    for state in self.instance_states[known:]:
        if self.ec2_launch_template:
            state.version = str(self.ec2_launch_template.get_version(self.launch_template_version).number)


def template_of_member(self):
    template = self.auto_scaling_group.ec2_launch_template
    if template is None:
        return None
    version = getattr(self, "version", "1")
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": version}


autoscaling.FakeAutoScalingGroup.replace_autoscaling_group_instances = launch_with_version
autoscaling.InstanceState.launch_template = property(template_of_member)


def describe_instance_refreshes(self):
    """moto begins none, so there is none: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeInstanceRefreshes.html"""
    return ActionResult({"InstanceRefreshes": []})


AutoScalingResponse.describe_instance_refreshes = describe_instance_refreshes

# EC2

terminate_instances = instances.InstanceBackend.terminate_instances


def terminate_and_deregister(self, instance_ids):
    """What is ended leaves its target groups: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html"""
    ended = terminate_instances(self, instance_ids)
    for group in elbv2_backends[self.account_id][self.region_name].target_groups.values():
        for instance_id in instance_ids:
            group.targets.pop(instance_id, None)
    return ended


instances.InstanceBackend.terminate_instances = terminate_and_deregister

create_image = amis.AmiBackend.create_image


def create_tagged_image(self, instance_id, name, description, tag_specifications):
    """The image of an instance is backed by EBS, and its snapshots take tags as well.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html"""
    of = lambda kind: [one for one in tag_specifications if one["ResourceType"] == kind]
    others = [one for one in tag_specifications if one["ResourceType"] != "snapshot"]
    image = create_image(self, instance_id, name, description, others)
    image.root_device_type = "ebs"
    for tag in [tag for one in of("snapshot") for tag in one["Tags"]]:
        image.ebs_snapshot.add_tag(tag["Key"], tag["Value"])
    return image


copy_image = amis.AmiBackend.copy_image


def copy_ebs_image(self, *given, **named):
    """A copy is backed by EBS, too: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html"""
    image = copy_image(self, *given, **named)
    image.root_device_type = "ebs"
    return image


amis.AmiBackend.create_image = create_tagged_image
amis.AmiBackend.copy_image = copy_ebs_image


def enable_image_deprecation(self):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageDeprecation.html"""
    self.ec2_backend.describe_images(ami_ids=[self._get_param("ImageId")])[0].deprecation_time = self._get_param("DeprecateAt")
    return ActionResult({"Return": True})


EC2Response.enable_image_deprecation = enable_image_deprecation

# Service Quotas


def get_default_service_quota(self):
    """
    moto knows those of VPC alone; AWS has a default of every quota, with the values that it documents and, for vCPUs, room for a group:
    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetAWSDefaultServiceQuota.html
    """
    given = json.loads(self.body)
    value = {"L-1216C47A": 64, "L-0263D0A3": 5, "L-53DA6B97": 50}[given["QuotaCode"]]
    return json.dumps({"Quota": {"ServiceCode": given["ServiceCode"], "QuotaCode": given["QuotaCode"], "Value": float(value)}})


ServiceQuotasResponse.get_aws_default_service_quota = get_default_service_quota

if __name__ == "__main__":
    moto.server.main()
