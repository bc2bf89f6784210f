// needs: aws, sshd, .venv/moto
/**
 * The whole way to a private instance on real programs: host key from the console, key pushed, ssh, `aws` as its proxy command,
 * sshd that asks the image's own script for session keys, a forward that the image's own configuration allows, a web server.
 * AWS itself is a few answers in its own protocols, and moto for what moto knows.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunInstancesCommand } from '@aws-sdk/client-ec2'
import t, { type Test } from 'tap'
import { defaultSettings } from '../../checker/options/settings.ts'
import { slowed } from '../../tasks/dev/test-pace.ts'
import type { Instance } from '../../tasks/lib/platform.ts'
import { hostKeyFolder, type InstanceAccess, openAccess } from '../../tasks/platforms/aws/access/access.ts'
import { consoleOutput } from '../../tasks/platforms/aws/access/console.ts'
import { openInstanceProbe } from '../../tasks/platforms/aws/access/instance-probe.ts'
import { openSessionKeys } from '../../tasks/platforms/aws/access/session-key.ts'
import { openTunnel } from '../../tasks/platforms/aws/access/tunnel.ts'
import { openTunnels } from '../../tasks/platforms/aws/access/tunnels.ts'
import { type Aws, openAws } from '../../tasks/platforms/aws/clients.ts'
import { onPath } from '../../tasks/tools/path-fixture.ts'
import { anyFreePort } from '../../tasks/tools/ports.ts'
import { runOver } from '../../tasks/tools/ssh.ts'
import { makeKey, noSshd, startSshd } from '../../tasks/tools/sshd-fixture.ts'
import { emulatedEnvironment, startMoto } from './moto.ts'

const roles = join(import.meta.dirname, '../../ansible/roles')
const { username } = userInfo()
const group = 'timeapp'

/** Sets environment variables until the test ends. */
function withEnvironment(t: Test, values: Record<string, string>): void {
  const before = { ...process.env }
  Object.assign(process.env, values)
  t.teardown(() => {
    process.env = before
  })
}

async function serve(t: Test, listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** EC2 and EC2 Instance Connect as far as they are asked here; a pushed key appears in the instance's metadata. */
function cloud(instanceId: string) {
  const seen = { calls: [] as string[], activeKeys: '', console: '', lifeSeconds: 60, isNitro: true }
  const push = async (request: IncomingMessage) => {
    const { InstanceId, InstanceOSUser, SSHPublicKey } = JSON.parse(await text(request))
    seen.calls.push(`SendSSHPublicKey ${InstanceId} ${InstanceOSUser}`)
    const endsAt = Math.floor(Date.now() / 1000) + seen.lifeSeconds
    seen.activeKeys += `#Timestamp=${endsAt}\n#Instance=${InstanceId}\n${SSHPublicKey}\nc2lnbmF0dXJl\n\n`
    return JSON.stringify({ RequestId: '0', Success: true })
  }
  const api: RequestListener = async (request, response) => {
    if (String(request.headers['x-amz-target']).endsWith('.SendSSHPublicKey')) {
      return void response.setHeader('content-type', 'application/x-amz-json-1.1').end(await push(request))
    }
    const form = new URLSearchParams(await text(request))
    seen.calls.push(`${form.get('Action')} ${form.get('InstanceId')} ${form.get('Latest')}`)
    response.setHeader('content-type', 'text/xml')
    if (form.get('Latest') === 'true' && !seen.isNitro) return void response.writeHead(400).end(unsupported)
    const output = Buffer.from(seen.console).toString('base64')
    response.end(
      `<GetConsoleOutputResponse><instanceId>${instanceId}</instanceId><output>${output}</output></GetConsoleOutputResponse>`,
    )
  }
  const metadata: RequestListener = (request, response) => {
    if (request.method === 'PUT') return void response.end('token')
    const isKnown = request.url === `/latest/meta-data/managed-ssh-keys/active-keys/${username}/`
    response.writeHead(isKnown && seen.activeKeys !== '' ? 200 : 404).end(seen.activeKeys)
  }
  return { seen, api, metadata }
}

/** As EC2 answers for a type that is not of the Nitro system; the code is the API reference's. */
const unsupported =
  '<Response><Errors><Error><Code>UnsupportedOperation</Code><Message>This instance type does not support retrieving the latest console logs.</Message></Error></Errors><RequestID>0</RequestID></Response>'

/** sshd starts no program below a folder that others may write. */
function isSafe(folder: string): boolean {
  const { mode } = statSync(folder)
  return (mode & 0o022) === 0 && (dirname(folder) === folder || isSafe(dirname(folder)))
}

/** The lines of the image's configuration that decide on forwards, with another port of the web server. */
function forwardLines(port: number): string[] {
  const lines = readFileSync(join(roles, 'hardening/files/sshd.conf'), 'utf8').split('\n')
  const wanted = lines.filter((line) =>
    /^(AllowTcpForwarding|PermitOpen|PermitListen|AllowStreamLocalForwarding) /.test(line),
  )
  return wanted.map((line) => line.replace(':80', `:${port}`))
}

/** A web server and an SSH server that are one instance, with the cloud around it; or why that cannot be. */
async function instanceIn(t: Test, folder: string) {
  const id = 'i-0abc'
  const { seen, api, metadata } = cloud(id)
  const web = { release: '1.4.0', isUp: true, requests: 0 }
  const webPort = await serve(t, (request, response) => {
    web.requests += 1
    if (!web.isUp) return void response.writeHead(502).end()
    response.end(request.url === '/version.txt' ? `${web.release}\n` : new Date().toISOString())
  })
  const imds = `http://127.0.0.1:${await serve(t, metadata)}/latest`
  writeFileSync(join(folder, 'instance-id'), id)
  const script = readFileSync(join(roles, 'identity/files/bakeroll-session-keys'), 'utf8')
    .replace(/^imds=.*$/m, `imds=${imds}`)
    .replace(/^identity=.*$/m, `identity='${join(folder, 'instance-id')}'`)
    .replace('= admin ]', `= ${username} ]`)
  writeFileSync(join(folder, 'session-keys'), script, { mode: 0o755 })
  mkdirSync(join(folder, 'server'))
  const port = await anyFreePort()
  const command = [`AuthorizedKeysCommand ${join(folder, 'session-keys')} %u`, `AuthorizedKeysCommandUser ${username}`]
  const server = await startSshd(t, {
    port,
    folder: join(folder, 'server'),
    lines: [...command, ...forwardLines(webPort)],
  })
  if ('reason' in server) return server
  seen.console = `boot\n-----BEGIN SSH HOST KEY KEYS-----\n${server.hostKey}\n-----END SSH HOST KEY KEYS-----\n`
  withEnvironment(t, emulatedEnvironment(`http://127.0.0.1:${await serve(t, api)}`))
  const instance: Instance = {
    id,
    imageId: 'ami-1',
    release: '1.4.0',
    state: 'running',
    health: 'healthy',
    url: 'http://10.0.0.1',
    startedAt: new Date().toISOString(),
    ssh: { host: '10.0.0.1', port: 22, user: username },
  }
  return { seen, web, webPort, port, instance, hostKey: server.hostKey }
}

/** An AWS CLI whose tunnel leads to `port`; it writes down how it was called. */
function fakeAws(t: Test, port: number, calls: string): void {
  const pipe = `const s = require('net').connect(${port}, '127.0.0.1'); process.stdin.pipe(s).pipe(process.stdout)`
  onPath(t, {
    aws: `if [ "$1" = --version ]; then echo 'aws-cli/2.15.30 Python/3.11.8'; exit; fi
printf '%s|' "$@" >>'${calls}'; echo >>'${calls}'
exec '${process.execPath}' -e "${pipe}"`,
  })
}

const aws = () => openAws({ region: undefined, profile: undefined })

t.test('to a private instance through the endpoint', { skip: noSshd }, async (t) => {
  const folder = t.testdir({ home: {} })
  if (!isSafe(folder)) return t.pass('not tried', { skip: 'others may write to the folder of the tests' })
  const world = await instanceIn(t, folder)
  if ('reason' in world) return t.pass('not tried', { skip: world.reason })
  const { seen, web, webPort, port, instance, hostKey } = world
  const home = join(folder, 'home')
  const calls = join(folder, 'aws-calls')
  const open = (more: { profile?: string; endpointId?: string } = {}): InstanceAccess =>
    openAccess({ aws: aws(), mode: 'endpoint', home, group, ...more })
  const probeOf = (access: InstanceAccess) => {
    const tunnels = openTunnels(async (one: Instance) =>
      openTunnel(await access.sshArguments(one, 0), { there: webPort }),
    )
    const probe = openInstanceProbe(access, defaultSettings, { tunnels })
    t.teardown(() => probe.close())
    return probe
  }

  await t.test('a command', async (t) => {
    fakeAws(t, port, calls)
    const access = open({ profile: 'my own', endpointId: 'eice-1' })
    const answer = await runOver(await access.sshArguments(instance), 'echo here', { timeoutSeconds: 60 })
    t.match(answer, { exitCode: 0, stdout: 'here' })
    t.equal(
      readFileSync(calls, 'utf8'),
      'ec2-instance-connect|open-tunnel|--instance-id|i-0abc|--remote-port|22|--instance-connect-endpoint-id|eice-1|--region|eu-central-1|--profile|my own|\n',
    )
    t.strictSame(seen.calls.splice(0), ['GetConsoleOutput i-0abc true', `SendSSHPublicKey i-0abc ${username}`])
    t.equal(readFileSync(join(hostKeyFolder(home, group), 'i-0abc'), 'utf8'), `i-0abc ${hostKey}\n`)
  })

  await t.test('a probe, whose tunnel ends with its second right answer', async (t) => {
    fakeAws(t, port, calls)
    writeFileSync(calls, '')
    const { probe } = probeOf(open())
    t.match(await probe(instance, '1.4.0'), { ok: true, versionOk: true, clockOk: true, upstreamOk: true })
    const { requests } = web
    t.match(await probe(instance, '1.4.0'), { ok: true })
    t.equal(web.requests, requests, 'a right answer counts for a while')
    t.match(await probe(instance, '1.5.0'), { ok: false, versionOk: false })
    web.isUp = false
    t.match(await probe(instance, '1.5.0'), { ok: false, upstreamOk: false, reason: /502/ })
    web.isUp = true
    t.equal(readFileSync(calls, 'utf8').trim().split('\n').length, 2, 'a wrong answer keeps its tunnel')
    t.strictSame(seen.calls.splice(0), [`SendSSHPublicKey i-0abc ${username}`], 'key and host key are still good')
  })

  await t.test('a forward leads to the web server and nowhere else', async (t) => {
    fakeAws(t, port, calls)
    const tunnel = await openTunnel(await open().sshArguments(instance), { there: port })
    t.teardown(() => tunnel.close())
    const said = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(tunnel.url).port), '127.0.0.1')
      socket.on('data', (data) => resolve(String(data)))
      socket.on('error', () => resolve(''))
      socket.on('close', () => resolve(''))
    })
    t.equal(said, '', 'sshd itself would have greeted')
    t.ok(tunnel.isOpen())
  })

  await t.test('a tunnel goes with its owner, also when that one is killed', async (t) => {
    fakeAws(t, port, calls)
    const arguments_ = await open().sshArguments(instance)
    const module = join(import.meta.dirname, '../../tasks/platforms/aws/access/tunnel.ts')
    const source = `const { openTunnel } = await import(${JSON.stringify(module)})
      const { url } = await openTunnel(${JSON.stringify(arguments_)}, { there: ${webPort} })
      console.log(new URL(url).port); setInterval(() => {}, 1000)`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(owner.stdout, 'data')
    const url = `http://127.0.0.1:${String(line).trim()}/version.txt`
    t.equal(await (await fetch(url, { headers: { connection: 'close' } })).text(), '1.4.0\n')
    owner.kill('SIGKILL')
    let isGone = false
    for (let tries = 0; tries < slowed(100) && !isGone; tries++) {
      isGone = await fetch(url, { headers: { connection: 'close' } }).then(
        () => false,
        () => true,
      )
      if (!isGone) await sleep(50)
    }
    t.ok(isGone)
  })

  await t.test('a key that is over lets nobody in', async (t) => {
    fakeAws(t, port, calls)
    Object.assign(seen, { activeKeys: '', lifeSeconds: -1 })
    const { probe } = probeOf(open())
    t.match(await probe(instance, '1.4.0'), { ok: false, reason: /^no tunnel over SSH: .*Permission denied/ })
    Object.assign(seen, { activeKeys: '', lifeSeconds: 60 })
  })

  await t.test('what the AWS CLI says is the reason', async (t) => {
    const error = 'An error occurred (AccessDeniedException): not authorized to perform ec2-instance-connect:OpenTunnel'
    onPath(t, { aws: `[ "$1" = --version ] && echo 'aws-cli/2.15.30' || { echo '${error}' >&2; exit 255; }` })
    const { probe } = probeOf(open())
    t.strictSame(await probe(instance, '1.4.0'), { ok: false, reason: `no tunnel over SSH: ${error}` })
  })

  await t.test('another machine in its place is refused', async (t) => {
    fakeAws(t, port, calls)
    const stranger = await makeKey(join(folder, 'stranger'))
    writeFileSync(join(hostKeyFolder(home, group), 'i-0abc'), `i-0abc ${stranger}\n`)
    const { probe } = probeOf(open())
    const reason = /^no tunnel over SSH: Host key verification failed/
    t.match(await probe(instance, '1.4.0'), { ok: false, reason })
    await t.rejects(runOver(await open().sshArguments(instance), 'true', { timeoutSeconds: 60 }), {
      message: /Host key verification failed/,
    })
  })

  await t.test('directly, over a VPN, with the same key and the same care', async (t) => {
    const here = { ...instance, id: 'i-0abc', ssh: { host: '127.0.0.1', port, user: username } }
    const direct = () => openAccess({ aws: aws(), mode: 'direct', home: join(folder, 'other-home'), group })
    seen.calls.splice(0)
    t.match(await runOver(await direct().sshArguments(here), 'echo here', { timeoutSeconds: 60 }), { stdout: 'here' })
    t.strictSame(seen.calls, ['GetConsoleOutput i-0abc true', `SendSSHPublicKey i-0abc ${username}`])
    const known = hostKeyFolder(join(folder, 'other-home'), group)
    t.ok(existsSync(known))
    await direct().forget()
    t.notOk(existsSync(known))
  })
})

t.test('not at all', async (t) => {
  const nothing = {} as Pick<Aws, 'ec2' | 'open' | 'region'>
  const access = openAccess({ aws: nothing, mode: 'none', home: t.testdir(), group })
  const ssh = { host: '10.0.0.1', port: 22, user: 'admin' }
  await t.rejects(access.sshArguments({ id: 'i-1', startedAt: new Date().toISOString(), ssh }), {
    kind: 'usage',
    message: 'no SSH access to the instances of group timeapp: aws.reach is none',
    hint: /BAKEROLL_AWS_REACH=endpoint/,
  })
})

t.test('the console of an instance type that shows it late', async (t) => {
  const { seen, api } = cloud('i-0abc')
  withEnvironment(t, emulatedEnvironment(`http://127.0.0.1:${await serve(t, api)}`))
  Object.assign(seen, { isNitro: false, console: 'späte Worte\n' })
  t.equal(await consoleOutput(aws(), 'i-0abc'), 'späte Worte\n')
  t.strictSame(seen.calls, ['GetConsoleOutput i-0abc true', 'GetConsoleOutput i-0abc false'])
  seen.console = ''
  t.equal(await consoleOutput(aws(), 'i-0abc'), '')
})

t.test('moto answers both calls', async (t) => {
  const moto = await startMoto()
  t.teardown(() => moto.stop())
  withEnvironment(t, moto.env)
  const client = aws()
  const { Instances = [] } = await client.ec2.send(
    new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1 }),
  )
  const id = Instances[0]?.InstanceId ?? ''
  t.match(await consoleOutput(client, id), /Linux version/)
  await openSessionKeys(client, async () => 'ssh-ed25519 AAAA').push(id, 'admin')
  t.equal(client.calls.get('SendSSHPublicKey'), 1)
  await t.rejects(consoleOutput(client, 'i-00000000000000000'), { name: 'OperatorError' })
})
