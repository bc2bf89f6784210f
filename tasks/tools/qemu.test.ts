// needs: qemu-img, qemu-system-x86_64
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { onPath } from './path-fixture.ts'
import { stopProcess } from './process.ts'
import {
  type Accelerator,
  assertDisk,
  chooseAccelerator,
  flattening,
  kernelArguments,
  type Machine,
  machineArguments,
  machineRuns,
  metadataNetwork,
  qemuProgram,
  startMachine,
  thinDisk,
} from './qemu.ts'
import { runToEnd } from './run-to-end.ts'

const service = join(import.meta.dirname, 'metadata-service.ts')
const slots = join(import.meta.dirname, 'metadata-slots.sh')

function machine(change: Partial<Machine> = {}): Machine {
  return {
    name: 'bakeroll i-1',
    accelerator: 'tcg',
    cpus: 2,
    memoryMib: 1024,
    disk: '/h/disk.qcow2',
    kernel: '/h/vmlinuz',
    initrd: '/h/initrd.img',
    consoleFile: '/h/console.log',
    pidFile: '/h/qemu.pid',
    metadataFile: '/h/metadata.json',
    network: 'closed',
    forwards: [
      { host: '127.10.0.1', port: 8080, to: 80 },
      { host: '127.10.0.1', port: 2222, to: 22 },
    ],
    ...change,
  }
}

t.test('uses KVM only when both processor and device allow it', async (t) => {
  const linux = { virtualisation: true, kvmWritable: true }
  const cases: [Parameters<typeof chooseAccelerator>[0], typeof linux, Accelerator, RegExp][] = [
    ['auto', linux, 'kvm', /\/dev\/kvm can be opened/],
    ['auto', { ...linux, virtualisation: false }, 'tcg', /neither vmx nor svm/],
    ['auto', { ...linux, kvmWritable: false }, 'tcg', /\/dev\/kvm cannot be opened/],
    ['auto', { ...linux, virtualisation: false, kvmWritable: false }, 'tcg', /neither vmx nor svm/],
    ['tcg', linux, 'tcg', /set by local\.accelerator/],
    ['kvm', { ...linux, virtualisation: false }, 'kvm', /set by local\.accelerator/],
  ]
  for (const [wanted, computer, accelerator, because] of cases) {
    t.match(chooseAccelerator(wanted, computer), { accelerator, because }, `${wanted} ${JSON.stringify(computer)}`)
  }
  t.match(chooseAccelerator('auto').accelerator, /^(kvm|tcg)$/, 'on this computer')
})

t.test('an x86 machine skips the timer check, which sometimes fails under emulation', async (t) => {
  t.match(kernelArguments, /^root=\/dev\/vda rw console=ttyS0 panic=10\b.* no_timer_check$/)
})

for (const [accelerator, arguments_] of [
  ['tcg', ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max']],
  ['kvm', ['-accel', 'kvm', '-cpu', 'host']],
] as const) {
  t.test(`the arguments of a machine on ${accelerator}`, async (t) => {
    t.strictSame(machineArguments(machine({ accelerator })), [
      ...['-name', 'bakeroll i-1'],
      ...['-machine', 'q35'],
      ...arguments_,
      ...['-smp', '2', '-m', '1024'],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-vnc', 'none', '-monitor', 'none'],
      ...['-sandbox', 'on,obsolete=deny,resourcecontrol=deny'],
      ...['-kernel', '/h/vmlinuz', '-initrd', '/h/initrd.img', '-append', kernelArguments],
      ...['-drive', 'file=/h/disk.qcow2,if=virtio,format=qcow2,cache=writeback,discard=unmap'],
      ...[
        '-netdev',
        'user,id=public,restrict=on,ipv6=off,hostfwd=tcp:127.10.0.1:8080-:80,hostfwd=tcp:127.10.0.1:2222-:22',
      ],
      ...['-device', 'virtio-net-pci,netdev=public'],
      ...['-netdev', metadataNetwork('/h/metadata.json')],
      ...['-device', 'virtio-net-pci,netdev=imds'],
      ...['-device', 'virtio-rng-pci'],
      ...['-rtc', 'base=utc,clock=host'],
      ...['-serial', 'file:/h/console.log'],
      ...['-daemonize', '-pidfile', '/h/qemu.pid'],
    ])
  })
}

t.test('a machine reaches the network only when it is open, and nothing else beside the metadata', async (t) => {
  const networks = (network: Machine['network']) =>
    machineArguments(machine({ network, forwards: [] })).filter((word) => word.startsWith('user,id='))
  const metadata = metadataNetwork('/h/metadata.json')
  t.match(metadata, 'user,id=imds,net=169.254.169.0/24,restrict=on,ipv6=off,guestfwd=tcp:169.254.169.254:80-cmd:')
  t.strictSame(networks('closed'), ['user,id=public,restrict=on,ipv6=off', metadata])
  t.strictSame(networks('open'), ['user,id=public', metadata])
})

t.test('a path may hold commas, spaces and quotes', async (t) => {
  t.match(machineArguments(machine({ disk: '/a,b c/disk.qcow2' })).join('\n'), '\nfile=/a,,b c/disk.qcow2,if=virtio,')
  const network = 'user,id=imds,net=169.254.169.0/24,restrict=on,ipv6=off,guestfwd=tcp:169.254.169.254:80-cmd:'
  for (const [path, word] of [
    ['/h/metadata.json', '/h/metadata.json'],
    ['/a b/metadata.json', "'/a b/metadata.json'"],
    ['/a,b/metadata.json', '/a,,b/metadata.json'],
    ["/it's/metadata.json", "'/it'\\''s/metadata.json'"],
    ['/$HOME/`x`/ä', "'/$HOME/`x`/ä'"],
  ] as const) {
    t.equal(metadataNetwork(path), `${network}sh ${slots} ${word} ${process.execPath} ${service} ${word}`)
  }
  for (const program of [slots, service]) t.ok(existsSync(program), 'the programs that QEMU starts exist')
})

t.test('a machine counts as running while its own process runs, and stops with it', async (t) => {
  const pidFile = join(t.testdir(), 'qemu.pid')
  t.notOk(machineRuns(pidFile), 'before the start')
  const code = `setInterval(() => undefined, 60_000); console.log('ready')`
  const child = spawn(process.execPath, ['-e', code, '--', '-pidfile', pidFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  writeFileSync(pidFile, `${child.pid}\n`)
  t.ok(machineRuns(pidFile))
  const ended = once(child, 'exit')
  await stopProcess(pidFile)
  await ended
  t.notOk(machineRuns(pidFile))
  t.notOk(existsSync(pidFile))
  await stopProcess(pidFile)
})

t.test('a pid file from before a reboot stops no other process', async (t) => {
  const pidFile = join(t.testdir({ 'qemu.pid': `${process.pid}\n` }), 'qemu.pid')
  t.notOk(machineRuns(pidFile))
  await stopProcess(pidFile)
  t.notOk(existsSync(pidFile), 'and this process is still running')
})

const withoutQemu =
  (await execa(qemuProgram, ['--version'], { reject: false })).exitCode !== 0 && 'QEMU is not installed'

t.test("reports QEMU's own error message", { skip: withoutQemu }, async (t) => {
  const folder = t.testdir({ 'a, b': {} })
  const disk = join(folder, 'a, b', 'disk.qcow2')
  const metadataFile = join(folder, 'a, b', "it's metadata.json")
  const consoleFile = join(folder, 'a, b', 'console.log')
  const pidFile = join(folder, 'a, b', 'qemu.pid')
  const refused = machine({ disk, metadataFile, consoleFile, pidFile, forwards: [] })
  await t.rejects(startMachine(refused), {
    kind: 'failed',
    message: new RegExp(
      `^QEMU does not start bakeroll i-1: .*Could not open '${folder}/a, b/disk.qcow2': No such file`,
    ),
    hint: 'npm run doctor',
  })
  t.notOk(machineRuns(pidFile))
})

t.test('retries a slow start, which sets the hardware clock wrong', async (t) => {
  const starts = join(t.testdir(), 'starts')
  onPath(t, { [qemuProgram]: `echo start >> ${starts}; [ "$(wc -l < ${starts})" -gt 2 ] || sleep 0.6` })
  await startMachine(machine())
  const count = readFileSync(starts, 'utf8').trim().split('\n').length
  t.ok(count >= 3 && count <= 6, `${count} starts`)
})

t.test('reports a missing QEMU', async (t) => {
  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = t.testdir()
  await t.rejects(startMachine(machine()), { kind: 'failed', message: /^QEMU does not start bakeroll i-1: .*ENOENT/s })
})

t.test(
  'a thin disk finds its base after both have moved, and a flat one needs none',
  { skip: withoutQemu },
  async (t) => {
    const folder = t.testdir({ images: {}, instances: {} })
    const base = join(folder, 'images', 'base.qcow2')
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', base, '1M'])
    assertDisk(await runToEnd(thinDisk(join(folder, 'instances', 'disk.qcow2'), '../images/base.qcow2')))
    assertDisk(await runToEnd(flattening(join(folder, 'instances', 'disk.qcow2'), join(folder, 'flat.qcow2'), 'qcow2')))
    const info = async (disk: string) =>
      JSON.parse((await execa('qemu-img', ['info', '--output', 'json', disk])).stdout)
    t.match(await info(join(folder, 'instances', 'disk.qcow2')), {
      'backing-filename': '../images/base.qcow2',
      'virtual-size': 1048576,
    })
    t.equal((await info(join(folder, 'flat.qcow2')))['backing-filename'], undefined)
  },
)
