import { execa } from 'execa'
import type { Finding } from '../../../lib/platform.ts'
import {
  hasOwnPlugins,
  missingPlugins,
  neededPlugins,
  packerVersion,
  pluginsHint,
} from '../../../tools/packer-plugins.ts'
import { type Installing, installing, programFinding } from '../../../tools/program-findings.ts'
import { findProgram, isThere, programs } from '../../../tools/system-packages.ts'
import { cliVersion, isEnough } from '../access/aws-cli.ts'

export interface ProgramUse {
  readonly reach: 'endpoint' | 'direct' | 'none'
  readonly builderInterface?: 'public_ip' | 'private_ip' | 'session_manager'
}

/** Checks the programs that the aws platform calls. */
export async function programFindings({ reach, builderInterface }: ProgramUse): Promise<Finding[]> {
  const where = await installing()
  const findings = await Promise.all([
    packerFindings(where),
    reach === 'endpoint' ? cliFinding() : [],
    ...['ansible-playbook', 'ssh', 'ssh-keygen'].map((name) => presence(name, where)),
    builderInterface === 'session_manager' ? pluginOfSessionManager() : [],
  ])
  return findings.flat()
}

async function packerFindings(where: Installing): Promise<Finding[]> {
  const version = await packerVersion()
  if (version === undefined) return presence('packer', where)
  const packer: Finding = { name: 'packer', status: 'ok', found: version }
  if (!hasOwnPlugins(version)) return [packer]
  const missing = await missingPlugins(version)
  const found =
    missing.length === 0 ? neededPlugins.map(({ source }) => source).join(', ') : `missing: ${missing.join(', ')}`
  const plugins = { name: 'packer plugins', found }
  return [
    packer,
    missing.length === 0 ? { ...plugins, status: 'ok' } : { ...plugins, status: 'fail', hint: pluginsHint },
  ]
}

async function cliFinding(): Promise<Finding> {
  const name = 'AWS CLI'
  const answer = await answerOf('aws', ['--version'])
  const version = answer === undefined ? undefined : cliVersion(answer)
  if (version !== undefined && isEnough(version)) return { name, status: 'ok', found: version }
  const found = answer === undefined ? 'missing' : (version ?? answer.slice(0, 80))
  const why = 'tunnels to the instances need 2.12 or later (not with BAKEROLL_AWS_REACH=direct or none)'
  return { name, status: 'fail', found: `${found}: ${why}`, hint: installCli() }
}

/** https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html */
function installCli(): string {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const url = `https://awscli.amazonaws.com/awscli-exe-linux-${machine}.zip`
  return `curl -fsSLo awscliv2.zip ${url} && unzip -q awscliv2.zip && sudo ./aws/install`
}

function presence(name: string, where: Installing): Finding[] {
  return programs.filter((one) => one.name === name).map((program) => programFinding(program, isThere(program), where))
}

function pluginOfSessionManager(): Finding {
  const path = findProgram('session-manager-plugin')
  if (path !== undefined) return { name: 'session-manager-plugin', status: 'ok', found: path }
  const hint =
    'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html'
  return {
    name: 'session-manager-plugin',
    status: 'fail',
    found: 'missing: Packer needs it to reach its builder',
    hint,
  }
}

/** The output of a program, both streams; undefined when it is not installed. */
async function answerOf(program: string, argv: readonly string[]): Promise<string | undefined> {
  const { code, all } = await execa(program, argv, {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  })
  return code === 'ENOENT' ? undefined : all
}
