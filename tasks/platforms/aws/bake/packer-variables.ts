import type { BuilderRun } from './task.ts'

export interface LayerBuild {
  readonly layers: 'base' | 'release' | 'base,release'
  readonly name: string
  readonly source: { readonly id: string; readonly rootDevice: string; readonly rootGib: number }
  readonly tags: Readonly<Record<string, string>>
  /** True for the image that instances run: it is copied and shared as the settings say. */
  readonly isDelivered: boolean
  readonly manifest: string
  readonly extraVars: string
}

type Variables = Record<string, string>

/** The variables of packer/variables.pkr.hcl for one layer; `aws.packerVariables` come last and win. */
export function layerVariables(run: BuilderRun, build: LayerBuild): Variables {
  const { kmsKey, copyRegions, shareAccounts, packerVariables } = run.settings
  const regions = build.isDelivered ? copyRegions.filter((region) => region !== run.region) : []
  return {
    ...builderVariables(run),
    layer: build.layers,
    name: build.name,
    manifest: build.manifest,
    extra_vars: build.extraVars,
    source_image: build.source.id,
    root_device: build.source.rootDevice,
    volume_gib: String(build.source.rootGib),
    kms_key_id: kmsKey ?? '',
    ami_regions: expression(regions),
    region_kms_key_ids: expression(
      kmsKey === undefined ? {} : Object.fromEntries(regions.map((region) => [region, kmsKey])),
    ),
    ami_users: expression(build.isDelivered ? shareAccounts : []),
    tags: expression(build.tags),
    ...Object.fromEntries(packerVariables),
  }
}

export function testVariables(run: BuilderRun, test: { image: string; arguments: string; folder: string }): Variables {
  return {
    ...builderVariables(run),
    layer: 'release',
    name: test.image,
    manifest: `${test.folder}/manifest.json`,
    extra_vars: `${test.folder}/variables.json`,
    tested_image: test.image,
    verify_arguments: test.arguments,
    ...Object.fromEntries(run.settings.packerVariables),
  }
}

function builderVariables({ settings, ...run }: BuilderRun): Variables {
  return {
    region: run.region,
    ec2_endpoint: run.endpoint ?? '',
    instance_type: settings.builderType,
    subnet_id: settings.builderSubnetId ?? '',
    iam_instance_profile: settings.builderInstanceProfile ?? '',
    ssh_interface: settings.builderInterface,
    ssh_keypair_name: run.keyPair.name,
    ssh_private_key_file: run.keyPair.privateKeyFile,
    security_group_ids: expression(run.securityGroupIds),
    temporary_security_group_source_cidrs: expression([run.callerCidr]),
    run_tags: expression(run.runTags),
  }
}

/** A list or map in HCL, which accepts JSON except for template openings in strings. */
export function expression(value: readonly string[] | Readonly<Record<string, string>>): string {
  return JSON.stringify(value).replaceAll(/([$%])\{/g, '$1$1{')
}

/** The AMIs in a Packer manifest, by region: `builds[0].artifact_id` is `eu-central-1:ami-1,us-east-1:ami-2`. */
export function amisIn(manifest: string): Map<string, string> {
  const { builds } = JSON.parse(manifest) as { builds?: { artifact_id?: string }[] }
  const pairs = (builds ?? []).flatMap(({ artifact_id = '' }) => artifact_id.split(',').filter(Boolean))
  return new Map(pairs.map((pair) => pair.split(':', 2) as [string, string]))
}
