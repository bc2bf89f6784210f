/** The machine's address on the container's bridge, where its name resolution listens. */
export const bridgeAddress = '172.17.0.1'

/**
 * The container's address on that bridge, for nginx. Docker always assigns it, since its network of four addresses has no other.
 * Amazon advises against using 172.17.0.0/16 in a VPC, since Docker uses it everywhere.
 */
export const containerAddress = '172.17.0.2'

/** The uid of the account `bakeroll-keys`, which reads the keys of a session from instance metadata. */
export const keysUser = 59_254

/** The facts of a service that determine the `docker run` command. */
export interface ContainerFacts {
  readonly port: number
  readonly network: 'bridge' | 'host'
  readonly env: ReadonlyMap<string, string>
  /** Names of variables; `docker run` takes their values from its own environment. */
  readonly secrets: readonly string[]
  /** Additional arguments of the user's. */
  readonly options: readonly string[]
  readonly stopSeconds: number
  readonly memoryMib?: number | undefined
  readonly pids: number
  readonly cpus?: string | undefined
  /** From the image's config; empty: root. */
  readonly imageUser: string
}

/** Where nginx finds the service. */
export function serviceAddress(network: ContainerFacts['network']): string {
  return network === 'bridge' ? containerAddress : '127.0.0.1'
}

/**
 * The arguments of `docker run` before the image, without `--detach` and `--name`. The user's options come last: of two
 * contradictory flags, Docker uses the last.
 */
export function runArguments(service: ContainerFacts): string[] {
  const { memoryMib, cpus } = service
  return [
    ...['--restart', 'always', '--stop-timeout', String(service.stopSeconds)],
    ...networkArguments(service.network),
    ...['--read-only', '--tmpfs', '/tmp:size=128m', '--tmpfs', '/run:size=16m,mode=1777'],
    ...['--cap-drop', 'ALL', ...capabilities(service), '--security-opt', 'no-new-privileges'],
    // When memory runs out, the service is killed before SSH or nginx.
    ...['--pids-limit', String(service.pids), '--oom-score-adj', '500'],
    ...(memoryMib === undefined ? [] : ['--memory', `${memoryMib}m`, '--memory-swap', `${memoryMib}m`]),
    ...(cpus === undefined ? [] : ['--cpus', cpus]),
    ...variables(service),
    ...service.options,
  ]
}

function networkArguments(network: ContainerFacts['network']): string[] {
  return network === 'bridge' ? ['--network', 'bridge', '--dns', bridgeAddress] : ['--network', 'host']
}

/**
 * Capabilities that images starting as root need to switch to another user, and to own and signal their files and processes.
 * Ports below 1024 need none on the bridge.
 */
const steppingDown = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID']

function capabilities(service: ContainerFacts): string[] {
  return runsAsRoot(service) ? steppingDown.flatMap((name) => ['--cap-add', name]) : []
}

/** On many platforms, services listen on PORT. A secret has no value here: Docker takes it from its environment. */
function variables({ port, env, secrets }: ContainerFacts): string[] {
  const isSaid = env.has('PORT') || secrets.includes('PORT')
  const constants = isSaid ? [...env] : [['PORT', String(port)], ...env]
  return [
    ...constants.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...secrets.flatMap((name) => ['--env', name]),
  ]
}

/** Whether the container's first process is root, according to image and options; a name may still be root in the image. */
export function runsAsRoot({ imageUser, options }: Pick<ContainerFacts, 'imageUser' | 'options'>): boolean {
  const user = userOf({ imageUser, options })
  return user === '' || user === 'root' || /^0+$/.test(user)
}

function userOf({ imageUser, options }: Pick<ContainerFacts, 'imageUser' | 'options'>): string {
  return (userIn(options) ?? imageUser).split(':')[0] ?? ''
}

function userIn(options: readonly string[]): string | undefined {
  return options.reduce<string | undefined>((found, word, index) => {
    if (word === '-u' || word === '--user') return options[index + 1] ?? found
    return word.match(/^(?:--user=|-u=?)(.+)$/)?.[1] ?? found
  }, undefined)
}

/** The container's name, restart and network, which the rest of an instance relies on. */
const ours = /^(?:--(?:name|network|net|ip|restart|rm|detach|publish|publish-all)(?:=|$)|-[dpP])/

/** Why a service must not run with these facts; undefined when it may. */
export function runFault(
  service: Pick<ContainerFacts, 'network' | 'port' | 'imageUser' | 'options'>,
): string | undefined {
  const { network, port, options } = service
  const reserved = options.find((word) => ours.test(word))
  if (reserved !== undefined) {
    return `service.options: ${reserved} is not yours to say: the container has one name, one network and no published port`
  }
  if (network === 'bridge') return undefined
  const taken = new Map([
    [22, 'SSH'],
    [80, 'nginx'],
  ]).get(port)
  if (taken !== undefined) {
    return `service.port: ${port} is taken on the machine's own network, by ${taken}; use another, or service.network bridge`
  }
  if (!runsAsRoot(service) && Number(userOf(service)) !== keysUser) return undefined
  return `service.network: host is refused for a container that runs as root or as user ${keysUser}, which could read the instance metadata; give the image a user (USER 65532), or use bridge`
}
