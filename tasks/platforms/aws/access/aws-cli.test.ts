import t from 'tap'
import { onPath } from '../../../tools/path-fixture.ts'
import { assertTunnelsCanOpen, cliVersion, isEnough, tunnelCommand } from './aws-cli.ts'

t.test('the tunnel command', async (t) => {
  const tunnel = { instanceId: 'i-1', region: 'eu-central-1', profile: undefined, endpointId: undefined }
  const least = ['aws', 'ec2-instance-connect', 'open-tunnel', '--instance-id', 'i-1', '--remote-port', '22']
  t.strictSame(tunnelCommand(tunnel), [...least, '--region', 'eu-central-1'])
  t.strictSame(tunnelCommand({ ...tunnel, profile: 'my own', endpointId: 'eice-1' }), [
    ...least,
    ...['--instance-connect-endpoint-id', 'eice-1', '--region', 'eu-central-1', '--profile', 'my own'],
  ])
})

t.test('versions', async (t) => {
  t.equal(cliVersion('aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64.debian.12 prompt/off'), '2.15.30')
  t.equal(cliVersion('a warning\naws-cli/1.45.11 Python/3.11.7'), '1.45.11')
  t.equal(cliVersion('something else'), undefined)
  for (const old of ['1.45.11', '2.9.19', '2.11.27']) t.notOk(isEnough(old), old)
  for (const fit of ['2.12.0', '2.34.1', '3.0.0']) t.ok(isEnough(fit), fit)
})

t.test('the program on PATH', async (t) => {
  const kind = 'usage'
  const hint = /getting-started-install/
  await t.test('fit', async (t) => {
    onPath(t, { aws: 'echo "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0"' })
    await t.resolves(assertTunnelsCanOpen())
  })
  await t.test('too old', async (t) => {
    onPath(t, { aws: 'echo "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0" >&2' })
    const message = 'the AWS CLI is 2.9.19; tunnels need 2.12'
    await t.rejects(assertTunnelsCanOpen(), { kind, hint, message })
  })
  await t.test('broken', async (t) => {
    onPath(t, { aws: 'echo "ImportError: no module" >&2; exit 1' })
    const message = 'aws --version prints no version: ImportError: no module'
    await t.rejects(assertTunnelsCanOpen(), { kind, hint, message })
  })
  await t.test('absent', async (t) => {
    const { PATH } = process.env
    t.teardown(() => {
      process.env['PATH'] = PATH
    })
    process.env['PATH'] = t.testdir()
    const message = 'the AWS CLI is not installed; access to instances needs it'
    await t.rejects(assertTunnelsCanOpen(), { kind, hint, message })
  })
})
