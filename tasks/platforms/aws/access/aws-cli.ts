import { execa } from 'execa'
import { OperatorError } from '../../../lib/errors.ts'

/** A tunnel's target, and the credentials for it. The AWS CLI works out what is absent. */
export interface Tunnel {
  readonly instanceId: string
  readonly region: string
  readonly profile: string | undefined
  /** The EC2 Instance Connect endpoint. */
  readonly endpointId: string | undefined
}

/**
 * The command that connects its standard input and output to port 22 of an instance without a public address
 * (https://docs.aws.amazon.com/cli/latest/reference/ec2-instance-connect/open-tunnel.html). It ends after an hour at
 * the latest.
 */
export function tunnelCommand({ instanceId, region, profile, endpointId }: Tunnel): string[] {
  return [
    ...['aws', 'ec2-instance-connect', 'open-tunnel', '--instance-id', instanceId, '--remote-port', '22'],
    ...(endpointId === undefined ? [] : ['--instance-connect-endpoint-id', endpointId]),
    ...['--region', region],
    ...(profile === undefined ? [] : ['--profile', profile]),
  ]
}

/** The first version with `open-tunnel`. */
const needed = { major: 2, minor: 12 }

/** Throws a usage error when the AWS CLI is absent, or too old to open a tunnel. */
export async function assertTunnelsCanOpen(): Promise<void> {
  const { stdout, stderr, exitCode, code } = await execa('aws', ['--version'], { reject: false, timeout: 20_000 })
  if (code === 'ENOENT') throw unfit('the AWS CLI is not installed; access to instances needs it')
  // Old versions print it on standard error.
  const found = cliVersion(`${stdout}\n${stderr}`)
  if (found === undefined) {
    throw unfit(`aws --version prints no version: ${stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`}`)
  }
  if (!isEnough(found)) throw unfit(`the AWS CLI is ${found}; tunnels need ${needed.major}.${needed.minor}`)
}

/** The version in the output of `aws --version`. */
export function cliVersion(answer: string): string | undefined {
  return /^aws-cli\/(\d+\.\d+(?:\.\d+)*)/m.exec(answer)?.[1]
}

/** Whether an AWS CLI of this version can open a tunnel. */
export function isEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > needed.major || (major === needed.major && minor >= needed.minor)
}

function unfit(message: string): OperatorError {
  return new OperatorError('usage', message, {
    hint: 'https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html installs a current one; BAKEROLL_AWS_REACH=direct (VPN) or none does not need it',
  })
}
