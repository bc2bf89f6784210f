/** What the last stage of a Dockerfile says about the service. */
export interface DockerfileFacts {
  /** Of EXPOSE, TCP only, in its order. */
  readonly ports: readonly number[]
  /** The path of the url that HEALTHCHECK asks. */
  readonly healthPath?: string | undefined
  readonly user?: string | undefined
}

interface Stage {
  ports: number[]
  healthPath: string | undefined
  user: string | undefined
  variables: Map<string, string>
}

/** Reads the instructions that matter here (https://docs.docker.com/reference/dockerfile/); what it cannot read it leaves out. */
export function readDockerfile(text: string): DockerfileFacts {
  const global = new Map<string, string>()
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const [instruction, words] of instructionsOf(text)) {
    const expanded = expand(words, stage?.variables ?? global)
    if (instruction === 'FROM') {
      const [, from = '', name] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(expanded) ?? []
      stage = copyOf(stages.get(from.toLowerCase()), global)
      if (name !== undefined) stages.set(name.toLowerCase(), stage)
    } else if (instruction === 'ARG' || instruction === 'ENV') {
      setVariables(expanded, stage?.variables ?? global)
    } else if (stage !== undefined) {
      tell(stage, instruction, expanded)
    }
  }
  return { ports: stage?.ports ?? [], healthPath: stage?.healthPath, user: stage?.user }
}

function copyOf(below: Stage | undefined, global: Map<string, string>): Stage {
  if (below === undefined) return { ports: [], healthPath: undefined, user: undefined, variables: new Map(global) }
  return { ...below, ports: [...below.ports], variables: new Map(below.variables) }
}

function tell(stage: Stage, instruction: string, words: string): void {
  if (instruction === 'EXPOSE') stage.ports.push(...words.split(/\s+/).flatMap(tcpPort))
  if (instruction === 'USER') stage.user = words
  if (instruction === 'HEALTHCHECK') stage.healthPath = urlPath(words)
}

function tcpPort(word: string): number[] {
  const [, digits] = /^(\d{1,5})(?:-\d+)?(?:\/tcp)?$/i.exec(word) ?? []
  return digits === undefined ? [] : [Number(digits)]
}

/** Of the first url on the container itself. */
function urlPath(words: string): string | undefined {
  const found = /\bhttps?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::\d+)?(\/[^\s"'`;|&)>#?\\]*)?/i.exec(
    words,
  )
  return found === null ? undefined : (found[1] ?? '/')
}

/** Lines that end with a backslash go on, comments in between are none of it. */
function instructionsOf(text: string): [instruction: string, words: string][] {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line))
  const joined = lines.join('\n').replace(/\\[ \t]*\n/g, ' ')
  return joined.split('\n').flatMap((line) => {
    const [, instruction = '', words = ''] = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(line) ?? []
    return instruction === '' ? [] : [[instruction.toUpperCase(), words] as [string, string]]
  })
}

/** `NAME=value other="two words"`, or the old `NAME value`. */
function setVariables(words: string, variables: Map<string, string>): void {
  const [, name, value] = /^(\w+)\s+([^=]*)$/.exec(words) ?? []
  if (name !== undefined) variables.set(name, value ?? '')
  for (const [, key = '', quoted, plain = ''] of words.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/g)) {
    variables.set(key, quoted ?? plain)
  }
}

function expand(words: string, variables: ReadonlyMap<string, string>): string {
  return words.replace(/\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g, (_, bare, braced, usual = '') => {
    return variables.get(bare ?? braced) ?? usual
  })
}
