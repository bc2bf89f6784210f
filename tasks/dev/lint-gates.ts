import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nginxFile, writeNginx } from '../../nginx/nginx.ts'

/** A static check of the sources; passes when all its commands exit with 0. */
export interface Gate {
  readonly name: string
  /** The virtual environment of its programs, a file in test/python. */
  readonly venv?: string
  /** Working directory, relative to the repository. */
  readonly folder?: string
  /** No commands when there is nothing to check. `scratch` is an empty folder, removed afterwards. */
  commands(repository: string, scratch: string): Promise<readonly string[][]>
}

/** Fastest first. */
export const lintGates: readonly Gate[] = [
  { name: 'biome', commands: async () => [['biome', 'ci', '--colors=off', '--error-on-warnings']] },
  { name: 'types', commands: async () => [['tsc', '--noEmit']] },
  { name: 'shellcheck', commands: async (repository) => shellcheckCommands(await shellScripts(repository)) },
  {
    name: 'ansible-playbook --syntax-check',
    folder: 'ansible',
    commands: async () => [['ansible-playbook', '--syntax-check', '--inventory=localhost,', 'site.yml']],
  },
  {
    name: 'packer validate',
    commands: async () => {
      const required = ['layer=base', 'name=lint', 'manifest=manifest.json', 'extra_vars=variables.json']
      return [['packer', 'validate', ...required.flatMap((variable) => ['-var', variable]), 'packer/']]
    },
  },
  {
    name: 'gixy',
    venv: 'gixy',
    commands: async (repository, scratch) => {
      const files = await renderedNginx(repository, scratch)
      return files.map((file) => ['gixy', '--format=text', file])
    },
  },
  {
    name: 'ansible-lint',
    venv: 'ansible-lint',
    commands: async () => [['ansible-lint', '--offline', '--strict', '--nocolor', 'ansible']],
  },
  {
    name: 'cfn-lint',
    venv: 'cfn-lint',
    commands: async (repository) => {
      const found = await templates(repository)
      return found.length === 0 ? [] : [['cfn-lint', '--format=parseable', '--', ...found]]
    },
  },
  {
    name: 'checkov',
    venv: 'checkov',
    commands: async (repository) => {
      const found = await templates(repository)
      return found.length === 0 ? [] : [checkovCommand('cloudformation')]
    },
  },
]

/** The settings of the example, and others that users' services may have. */
async function renderedNginx(repository: string, scratch: string): Promise<string[]> {
  const any = { release: '0.0.0', upstreamPort: 8000 }
  const services = {
    example: nginxFile(join(repository, 'app/nginx-lines.conf')),
    plain: {},
    shop: { ...nginxFile(join(repository, 'nginx/fixtures/shop.conf')), bodyLimit: '0', versionPath: '/version' },
  }
  const written = Object.entries(services).map(([name, own]) => writeNginx(join(scratch, name), { ...any, ...own }))
  return (await Promise.all(written)).flat()
}

/**
 * Checks the templates in a folder with checkov's built-in rules, offline. Declined rules are noted in the templates.
 */
function checkovCommand(folder: string): string[] {
  return ['checkov', '--skip-download', '--compact', '--quiet', '--framework=cloudformation', `--directory=${folder}`]
}

async function templates(repository: string): Promise<string[]> {
  return (await Array.fromAsync(glob('cloudformation/**/*.{yaml,yml}', { cwd: repository }))).sort()
}

/** One shellcheck for all scripts, so that it can follow includes. */
export function shellcheckCommands(scripts: readonly string[]): string[][] {
  return scripts.length === 0 ? [] : [['shellcheck', '--external-sources', '--color=never', ...scripts]]
}

/** All shell scripts by path, sorted: `*.sh`, and files without a suffix whose first line names a shell. */
export async function shellScripts(repository: string): Promise<string[]> {
  const patterns = ['*', '.ci/*', '{ansible,app,benchmarks,checker,examples,packer,tasks,test}/**/*']
  const found = await Array.fromAsync(glob(patterns, { cwd: repository, withFileTypes: true }))
  const scripts: string[] = []
  for (const entry of found.filter((file) => file.isFile())) {
    const path = join(entry.parentPath, entry.name)
    if (entry.name.endsWith('.sh') || (!entry.name.includes('.') && (await isShell(path)))) scripts.push(path)
  }
  return scripts.map((path) => path.slice(repository.length + 1)).sort()
}

async function isShell(path: string): Promise<boolean> {
  return /^#!.*\b(ba|da)?sh\b/.test((await readFile(path, 'utf8')).split('\n', 1)[0] ?? '')
}
