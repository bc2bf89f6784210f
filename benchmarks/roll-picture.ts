/** A bar of the picture; `kind` chooses its colour. */
export interface Bar {
  readonly label: string
  readonly seconds: number
  readonly kind: 'bound' | 'ours' | 'peer'
}

/** Bars that share a scale. */
export interface Panel {
  readonly title: string
  readonly bars: readonly Bar[]
}

const width = 960
const labelWidth = 340
const barHeight = 18
const step = 24
const colours = { bound: '#8a94a3', ours: '#0b6e4f', peer: '#c46a1b' }

/** Draws the panels one below the other, as an SVG on a light background, each with its own scale. */
export function drawPanels(title: string, note: string, panels: readonly Panel[]): string {
  let y = 70
  const parts: string[] = []
  for (const panel of panels) {
    parts.push(text(24, y, panel.title, 'font-size="15" font-weight="600"'))
    y += 12
    const longest = Math.max(...panel.bars.map(({ seconds }) => seconds))
    for (const bar of panel.bars) {
      parts.push(drawBar(bar, y, longest))
      y += step
    }
    y += 34
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" fill="#1b2430" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    text(24, 30, title, 'font-size="19" font-weight="600"'),
    text(24, y - 16, note, 'font-size="12" fill="#56616f"'),
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawBar({ label, seconds, kind }: Bar, y: number, longest: number): string {
  const length = Math.max(2, ((width - labelWidth - 130) * seconds) / longest)
  const weight = kind === 'ours' ? ' font-weight="600"' : ''
  return [
    text(labelWidth - 10, y + 13, label, `font-size="13" text-anchor="end"${weight}`),
    `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${colours[kind]}"/>`,
    text(labelWidth + length + 8, y + 13, duration(seconds), `font-size="13"${weight}`),
  ].join('\n')
}

/** `2 h 05 min`, `15 min 12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  const two = (part: number) => String(part).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped(content)}</text>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
