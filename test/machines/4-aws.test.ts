import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeImagesCommand } from '@aws-sdk/client-ec2'
import { execa } from 'execa'
import t from 'tap'
import { type Aws, openAws } from '../../tasks/platforms/aws/clients.ts'
import { startFaultProxy } from '../aws/fault-proxy.ts'
import { emulatedEnvironment, startMoto } from '../aws/moto.ts'
import { policyOf } from '../aws/operator-policy.ts'
import { type Builder, startBuilder } from './builder.ts'
import { runVerb, testEnvironment } from './verbs.ts'

const moto = await startMoto()
const proxy = await startFaultProxy(moto.url)
const env = emulatedEnvironment(proxy.url)
Object.assign(process.env, emulatedEnvironment(moto.url))
const aws = openAws({ region: undefined, profile: undefined })
const builder = await startBuilder((await runVerb('bake', '--release', '1.0.0')).facts.image)
t.teardown(async () => {
  await builder.stop()
  await proxy.stop()
  await moto.stop()
})

/** After each bake the machine is what an instance of its image would be: off and on again. */
async function restartAfterEachImage(emulated: Aws, machine: Builder, signal: AbortSignal): Promise<void> {
  const count = async () =>
    (await emulated.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images?.length ?? 0
  for (let known = await count(); !signal.aborted; await sleep(500)) {
    const now = await count()
    if (now > known) await machine.restart()
    known = now
  }
}

t.test('the whole story on AWS: real Packer, real Ansible, a real machine, and moto for everything else', async (t) => {
  const end = new AbortController()
  const restarts = restartAfterEachImage(aws, builder, end.signal)
  const variables = {
    ssh_host: builder.host,
    ssh_port: builder.sshPort,
    ssh_private_key_file: builder.privateKeyFile,
    ssh_timeout: '10m',
  }
  const result = await execa('sh', ['tasks/run.sh', 'test:aws', '--json'], {
    cwd: join(import.meta.dirname, '../..'),
    env: {
      ...{ ...env, ...testEnvironment },
      BAKEROLL_TEST_AWS: 'yes',
      BAKEROLL_AWS_URL: `http://${builder.host}:${builder.httpPort}`,
      BAKEROLL_AWS_SOURCE_OWNER: 'amazon',
      BAKEROLL_AWS_SOURCE_NAME: 'al2022-ami-*',
      BAKEROLL_AWS_PACKER_VARIABLES: Object.entries(variables)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    },
    stdin: 'ignore',
    reject: false,
  })
  end.abort()
  await restarts
  t.equal(result.exitCode, 0, result.stderr)
  const { steps, left } = JSON.parse(result.stdout)
  t.same(left, [])
  const factsOf = (name: RegExp) => steps.find((step: { name: string }) => name.test(step.name))?.facts
  t.match(factsOf(/^bake 0\.0\.1/), { verified: true, reused: false })
  t.match(factsOf(/^bake again/), { verified: true, reused: true })
  t.match(factsOf(/^check$/), { verdict: 'ok' })
  t.match(factsOf(/^roll/), { outcome: 'rolled' })
  t.match(factsOf(/^check again/), { verdict: 'ok' })
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
