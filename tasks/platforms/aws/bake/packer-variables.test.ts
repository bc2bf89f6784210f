import t from 'tap'
import { awsSettings } from '../../../../test/aws/settings.ts'
import { amisIn, expression, type LayerBuild, layerVariables, testVariables } from './packer-variables.ts'
import type { BuilderRun } from './task.ts'

const settings = awsSettings()
const run: BuilderRun = {
  bakeId: '0badcafe',
  region: 'eu-central-1',
  endpoint: undefined,
  callerCidr: '203.0.113.7/32',
  securityGroupIds: ['sg-1'],
  keyPair: { name: 'bakeroll-0badcafe', privateKeyFile: '/h/id_ed25519' },
  runTags: { 'bakeroll:bake': '0badcafe' },
  settings,
}
const build: LayerBuild = {
  layers: 'release',
  name: 'bakeroll-1.4.0-x',
  source: { id: 'ami-1', rootDevice: '/dev/sda1', rootGib: 10 },
  tags: { 'bakeroll:release': '1.4.0' },
  isDelivered: true,
  manifest: '/h/manifest.json',
  extraVars: '/h/variables.json',
}

const builder = {
  region: 'eu-central-1',
  ec2_endpoint: '',
  instance_type: 't3.small',
  subnet_id: '',
  iam_instance_profile: '',
  ssh_interface: 'public_ip',
  ssh_keypair_name: 'bakeroll-0badcafe',
  ssh_private_key_file: '/h/id_ed25519',
  security_group_ids: '["sg-1"]',
  temporary_security_group_source_cidrs: '["203.0.113.7/32"]',
  run_tags: '{"bakeroll:bake":"0badcafe"}',
}

t.test('a layer', async (t) => {
  t.strictSame(layerVariables(run, build), {
    ...builder,
    layer: 'release',
    name: 'bakeroll-1.4.0-x',
    manifest: '/h/manifest.json',
    extra_vars: '/h/variables.json',
    source_image: 'ami-1',
    root_device: '/dev/sda1',
    volume_gib: '10',
    kms_key_id: '',
    ami_regions: '[]',
    region_kms_key_ids: '{}',
    ami_users: '[]',
    tags: '{"bakeroll:release":"1.4.0"}',
  })
})

t.test('the test of an image', async (t) => {
  t.strictSame(testVariables(run, { image: 'ami-2', arguments: "1.4.0 30 180 '/'", folder: '/h/test' }), {
    ...builder,
    layer: 'release',
    name: 'ami-2',
    manifest: '/h/test/manifest.json',
    extra_vars: '/h/test/variables.json',
    tested_image: 'ami-2',
    verify_arguments: "1.4.0 30 180 '/'",
  })
})

t.test('copies and shares, of the image that is delivered alone', async (t) => {
  const delivery = { copyRegions: ['us-east-1', 'eu-central-1'], shareAccounts: ['123456789012'], kmsKey: 'alias/k' }
  const wide = { ...run, settings: { ...settings, ...delivery } }
  t.match(layerVariables(wide, build), {
    kms_key_id: 'alias/k',
    ami_regions: '["us-east-1"]',
    region_kms_key_ids: '{"us-east-1":"alias/k"}',
    ami_users: '["123456789012"]',
  })
  t.match(layerVariables(wide, { ...build, isDelivered: false }), {
    kms_key_id: 'alias/k',
    ami_regions: '[]',
    region_kms_key_ids: '{}',
    ami_users: '[]',
  })
  const { kmsKey: _, ...withoutKey } = delivery
  t.match(layerVariables({ ...run, settings: { ...settings, ...withoutKey } }, build), {
    ami_regions: '["us-east-1"]',
    region_kms_key_ids: '{}',
  })
})

t.test('where and how the builder runs, and variables of the user, which win', async (t) => {
  const own = {
    builderSubnetId: 'subnet-1',
    builderInterface: 'session_manager' as const,
    builderInstanceProfile: 'profile',
    packerVariables: new Map([
      ['ssh_host', '127.0.0.1'],
      ['ssh_private_key_file', '/mine'],
    ]),
  }
  const expected = {
    ec2_endpoint: 'http://127.0.0.1:5000',
    subnet_id: 'subnet-1',
    iam_instance_profile: 'profile',
    ssh_interface: 'session_manager',
    ssh_host: '127.0.0.1',
    ssh_private_key_file: '/mine',
  }
  const there = { ...run, endpoint: 'http://127.0.0.1:5000', settings: { ...settings, ...own } }
  t.match(layerVariables(there, build), expected)
  t.match(testVariables(there, { image: 'ami-2', arguments: '', folder: '/h' }), expected)
})

t.test('what would begin a template of HCL is written so that it does not', async (t) => {
  const sign = '$'
  t.equal(expression({ a: `${sign}{x} %{y} "z" \\` }), `{"a":"${sign}${sign}{x} %%{y} \\"z\\" \\\\"}`)
})

t.test('the images of a manifest', async (t) => {
  const manifest = (artifact_id: string) => JSON.stringify({ builds: [{ name: 'machine', artifact_id }] })
  t.strictSame(
    [...amisIn(manifest('eu-central-1:ami-1,us-east-1:ami-2'))],
    [
      ['eu-central-1', 'ami-1'],
      ['us-east-1', 'ami-2'],
    ],
  )
  t.equal(amisIn(manifest('')).size, 0)
  t.equal(amisIn('{}').size, 0)
})
