// needs: machines, aws, ps, ss, .venv/mitogen, .venv/moto
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeImagesCommand } from '@aws-sdk/client-ec2'
import { execa } from 'execa'
import t from 'tap'
import { listAmis } from '../../tasks/platforms/aws/bake/ami-images.ts'
import { planAmiBake } from '../../tasks/platforms/aws/bake/bakery.ts'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { imageTags } from '../../tasks/platforms/aws/names.ts'
import { contentFixture } from '../../tasks/platforms/content-fixture.ts'
import { startFaultProxy } from '../aws/fault-proxy.ts'
import { registerImage } from '../aws/image.ts'
import { emulatedEnvironment, startMoto } from '../aws/moto.ts'
import { policyOf } from '../aws/operator-policy.ts'
import { awsSettings } from '../aws/settings.ts'
import { startBuilder } from './builder.ts'
import { runVerb, testEnvironment } from './verbs.ts'

const moto = await startMoto()
const proxy = await startFaultProxy(moto.url)
Object.assign(process.env, emulatedEnvironment(moto.url))
const aws = openAws({ region: undefined, profile: undefined })
const builder = await startBuilder((await runVerb('bake', '--release', '1.0.0')).facts.image)
t.teardown(async () => {
  await builder.stop()
  await proxy.stop()
  await moto.stop()
})

const source = { sourceOwner: 'amazon', sourceName: 'al2022-ami-*' }

/**
 * Does what nobody does behind an emulator: after each bake the machine is what an instance of its image would be, off and on
 * again; and once the first release is verified, the image of the second is there, so that it need not be baked as well.
 */
async function attend(signal: AbortSignal): Promise<void> {
  const all = async () => (await aws.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images?.length ?? 0
  let [known, isSecondThere] = [await all(), false]
  for (; !signal.aborted; await sleep(500)) {
    const now = await all()
    if (now > known) await builder.restart()
    known = now
    const verified = (await listAmis(aws)).find((image) => image.verified)
    if (verified === undefined || isSecondThere) continue
    isSecondThere = true
    await registerSecond(verified.release.replace('0.0.1', '0.0.2'))
    known += 1
  }
}

async function registerSecond(release: string): Promise<void> {
  const settings = awsSettings(source)
  const content = await contentFixture(release)
  const { recipe } = await planAmiBake({ aws, home: testEnvironment.BAKEROLL_HOME, content, force: false, settings })
  await registerImage(aws, release, { [imageTags.content]: recipe.content, [imageTags.base]: recipe.base })
}

t.test('the whole story on AWS: real Packer, real Ansible, a real machine, and moto for everything else', async (t) => {
  const end = new AbortController()
  const attendance = attend(end.signal)
  const variables = {
    ssh_host: builder.host,
    ssh_port: builder.sshPort,
    ssh_private_key_file: builder.privateKeyFile,
    ssh_timeout: '10m',
  }
  const result = await execa('sh', ['tasks/run.sh', 'test:aws', '--json'], {
    cwd: join(import.meta.dirname, '../..'),
    env: {
      ...emulatedEnvironment(proxy.url),
      ...testEnvironment,
      BAKEROLL_TEST_AWS: 'yes',
      BAKEROLL_AWS_URL: `http://${builder.host}:${builder.httpPort}`,
      BAKEROLL_AWS_SOURCE_OWNER: source.sourceOwner,
      BAKEROLL_AWS_SOURCE_NAME: source.sourceName,
      BAKEROLL_AWS_PACKER_VARIABLES: Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    },
    stdin: 'ignore',
    reject: false,
  })
  end.abort()
  await attendance
  t.equal(result.exitCode, 0, result.stderr)
  const { steps = [], left } = JSON.parse(result.stdout)
  t.same(left, [])
  const factsOf = (name: RegExp) => steps.find((step: { name: string }) => name.test(step.name))?.facts
  t.match(factsOf(/^bake 0\.0\.1/), { verified: true, reused: false })
  t.match(factsOf(/^bake again/), { verified: true, reused: true })
  t.match(factsOf(/^check$/), { verdict: 'ok' })
  t.match(factsOf(/^roll/), { outcome: 'rolled' })
  t.match(factsOf(/^rollback/), { outcome: 'rolled' })
})

t.test('nothing was asked of AWS that the operator role does not allow', async (t) => {
  const operator = await policyOf('OperatorRole')
  t.ok(proxy.actions().length > 40, proxy.actions().join(' '))
  t.same(
    proxy.actions().filter((action) => !operator.mentions(action)),
    [],
  )
})
