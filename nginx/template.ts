import mustache from 'mustache'
import { OperatorError } from '../tasks/lib/errors.ts'
import { type NginxText, readDirectives } from './own-lines.ts'

type Span = ReturnType<typeof mustache.parse>[number]

/** Throws `usage` with file and line for an invalid or unknown tag, and for a result that nginx cannot read. */
export function renderTemplate({ file, text }: NginxText, view: object): string {
  const fail = (offset: number, message: string, cause?: unknown): never => {
    const line = text.slice(0, offset).split('\n').length
    throw new OperatorError('usage', `${file}:${line}: ${message}`, { cause })
  }
  for (const { name, offset } of tagsOf(parse(text, fail))) {
    if (!knows(view, name)) fail(offset, `unknown tag {{${name}}}, expected one of ${namesIn(view).join(', ')}`)
  }
  const rendered = mustache.render(text, view, {}, { escape: String })
  readDirectives({ file: `${file}, as rendered`, text: rendered })
  return rendered
}

function parse(text: string, fail: (offset: number, message: string, cause: unknown) => never): Span[] {
  try {
    return mustache.parse(text)
  } catch (error) {
    const [, message = String(error), offset = '0'] = /^(.*) at (\d+)$/.exec((error as Error).message) ?? []
    return fail(Number(offset), message, error)
  }
}

function tagsOf(spans: readonly Span[]): { name: string; offset: number }[] {
  return spans.flatMap((span) => {
    const [kind, name, offset] = span
    if (kind === 'text' || kind === '!' || kind === '=') return []
    const inner = Array.isArray(span[4]) ? tagsOf(span[4] as Span[]) : []
    return [{ name, offset }, ...inner]
  })
}

function knows(view: object, name: string): boolean {
  return name === '.' || namesIn(view).includes(name)
}

/** With the names inside lists. */
function namesIn(view: object): string[] {
  const inner = Object.values(view).flatMap((value) => (Array.isArray(value) ? Object.keys(value[0] ?? {}) : []))
  return [...new Set([...Object.keys(view), ...inner])].sort()
}
