import t from 'tap'
import { type ContainerFacts, runArguments, runFault, runsAsRoot, serviceAddress } from './run-arguments.ts'

const facts: ContainerFacts = {
  port: 8000,
  network: 'bridge',
  env: new Map(),
  secrets: [],
  options: [],
  stopSeconds: 40,
  pids: 1000,
  imageUser: '65532',
}

t.test('the arguments of docker run before the image', (t) => {
  t.strictSame(runArguments(facts), [
    ...['--restart', 'always', '--stop-timeout', '40', '--network', 'bridge', '--dns', '172.17.0.1'],
    ...['--read-only', '--tmpfs', '/tmp:size=128m', '--tmpfs', '/run:size=16m,mode=1777'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--pids-limit', '1000', '--oom-score-adj', '500'],
    ...['--env', 'PORT=8000'],
  ])
  t.end()
})

t.test('each fact adds or removes its arguments', (t) => {
  const usual = runArguments(facts)
  const dropped =
    '--cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add KILL --cap-add SETGID'
  const cases: [what: string, changed: Partial<ContainerFacts>, added: string, without: string][] = [
    ['memory, without extra swap', { memoryMib: 512 }, '--memory 512m --memory-swap 512m', ''],
    ['processors', { cpus: '0.5' }, '--cpus 0.5', ''],
    ['processes', { pids: 64 }, '--pids-limit 64', '--pids-limit 1000'],
    ['time to stop', { stopSeconds: 5 }, '--stop-timeout 5', '--stop-timeout 40'],
    ["the machine's network", { network: 'host' }, '--network host', '--dns'],
    ['an image that starts as root', { imageUser: '' }, `${dropped} --cap-add SETUID`, ''],
    ['constants', { env: new Map([['A', 'b c']]) }, '--env PORT=8000 --env A=b c', ''],
    ['its own PORT', { env: new Map([['PORT', '1']]) }, '--env PORT=1', 'PORT=8000'],
    ['secrets have a name and no value', { secrets: ['KEY', 'PORT'] }, '--env KEY --env PORT', 'PORT=8000'],
    ['options come last', { options: ['--read-only=false'] }, '--env PORT=8000 --read-only=false', ''],
  ]
  for (const [what, changed, added, without] of cases) {
    const words = runArguments({ ...facts, ...changed }).join(' ')
    t.match(`${words} `, `${added} `, what)
    t.notMatch(usual.join(' '), added, what)
    if (without !== '') t.notMatch(words, without, what)
  }
  t.end()
})

t.test('knows when a container runs as root', (t) => {
  const cases: [imageUser: string, options: string[], root: boolean][] = [
    ['', [], true],
    ['root', [], true],
    ['0', [], true],
    ['00:1000', [], true],
    ['root:staff', [], true],
    [':1000', [], true],
    ['1000', [], false],
    ['app:root', [], false],
    ['', ['--user', '1000'], false],
    ['', ['--init', '-u=1000:0'], false],
    ['1000', ['--user=0'], true],
    ['1000', ['-u0'], true],
    ['1000', ['--user', '7', '--user', 'root'], true],
    ['1000', ['--env', 'USER=root'], false],
  ]
  for (const [imageUser, options, root] of cases) {
    t.equal(runsAsRoot({ imageUser, options }), root, `${imageUser} ${options.join(' ')}`)
  }
  t.end()
})

t.test('refuses what must not run and says what would be right', (t) => {
  const root =
    /^service\.network: host is refused .* runs as root or as user 59254, .*give the image a user \(USER 65532\), or use bridge$/
  const cases: [changed: Partial<ContainerFacts>, fault: RegExp | undefined][] = [
    [{}, undefined],
    [{ imageUser: '', port: 80 }, undefined],
    [{ network: 'host' }, undefined],
    [{ network: 'host', imageUser: '' }, root],
    [{ network: 'host', imageUser: 'root' }, root],
    [{ network: 'host', options: ['--user=0:0'] }, root],
    [{ network: 'host', imageUser: '59254:1000' }, root],
    [{ network: 'host', imageUser: '', options: ['--user', '1000'] }, undefined],
    [
      { network: 'host', port: 80 },
      /^service\.port: 80 is taken .* by nginx; use another, or service\.network bridge$/,
    ],
    [{ network: 'host', port: 22 }, /^service\.port: 22 is taken .* by SSH;/],
    [{ options: ['--cap-add=NET_RAW', '--init'] }, undefined],
    ...['--name=x', '--network', '--net=host', '--publish=80:80', '-p', '-p80:80', '--restart=no', '-d', '--rm'].map(
      (word): [Partial<ContainerFacts>, RegExp] => [
        { options: [word] },
        new RegExp(`^service\\.options: ${word} is not yours to say`),
      ],
    ),
  ]
  for (const [changed, fault] of cases) {
    const found = runFault({ ...facts, ...changed })
    if (fault === undefined) t.equal(found, undefined, JSON.stringify(changed))
    else t.match(found, fault, JSON.stringify(changed))
  }
  t.end()
})

t.test('nginx connects to the address of the container', (t) => {
  t.strictSame([serviceAddress('bridge'), serviceAddress('host')], ['172.17.0.2', '127.0.0.1'])
  t.end()
})
