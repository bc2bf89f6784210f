{
  const tip = document.getElementById('tip')
  const margin = 8

  const place = (item) => {
    const box = item.getBoundingClientRect()
    const { width, height } = tip.getBoundingClientRect()
    const middle = box.left + box.width / 2 - width / 2
    const left = Math.max(margin, Math.min(middle, document.documentElement.clientWidth - width - margin))
    const above = box.top - height - margin
    tip.style.left = `${left}px`
    tip.style.top = `${above >= margin ? above : Math.min(box.bottom + margin, window.innerHeight - height - margin)}px`
  }
  let shown
  const show = (item) => {
    shown = item
    tip.textContent = item.getAttribute('aria-label')
    tip.hidden = false
    place(item)
  }
  const hide = () => {
    tip.hidden = true
  }

  document.addEventListener('pointerover', ({ target }) => {
    const item = target.closest('.item')
    if (item) show(item)
    else if (!target.closest('#tip')) hide()
  })
  document.addEventListener('focusin', ({ target }) => {
    if (target.matches('.item')) show(target)
    else hide()
  })
  document.addEventListener('focusout', hide)
  // Focus scrolls by itself.
  document.addEventListener('scroll', () => tip.hidden || place(shown), { passive: true })
  document.documentElement.addEventListener('pointerleave', hide)

  // One stop of the Tab key for each plot; the arrow keys walk through what is in it.
  for (const plot of document.querySelectorAll('.plot')) plot.querySelector('.item')?.setAttribute('tabindex', '0')

  const go = (from, to) => {
    if (!to) return
    from.setAttribute('tabindex', '-1')
    to.setAttribute('tabindex', '0')
    to.focus()
  }
  const byPlace = (row) => {
    const left = (item) => item.getBoundingClientRect().left
    return [...(row?.querySelectorAll('.item') ?? [])].sort((a, b) => left(a) - left(b))
  }
  const steps = { ArrowLeft: -1, ArrowRight: 1 }
  const nearest = (items, { left }) =>
    items.toSorted(
      (a, b) => Math.abs(a.getBoundingClientRect().left - left) - Math.abs(b.getBoundingClientRect().left - left),
    )[0]

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide()
    const { target, key } = event
    if (!target.matches('.item')) return
    const row = target.parentElement
    const items = byPlace(row)
    const goals = {
      ArrowUp: () => nearest(byPlace(row.previousElementSibling), target.getBoundingClientRect()),
      ArrowDown: () => nearest(byPlace(row.nextElementSibling), target.getBoundingClientRect()),
      Home: () => items[0],
      End: () => items.at(-1),
    }
    const goal = key in steps ? items[items.indexOf(target) + steps[key]] : goals[key]?.()
    if (!(key in steps || key in goals)) return
    event.preventDefault()
    go(target, goal)
  })

  const filter = document.querySelector('.filter')
  if (filter) {
    const rows = [...document.querySelectorAll('#steps tbody tr')]
    const texts = rows.map((row) => row.textContent.toLowerCase())
    const find = document.getElementById('find')
    const kind = document.getElementById('kind')
    const found = document.getElementById('shown')
    const apply = () => {
      const wanted = find.value.trim().toLowerCase()
      let count = 0
      for (const [index, row] of rows.entries()) {
        const fits = texts[index].includes(wanted) && (kind.value === '' || row.cells[1].textContent === kind.value)
        row.hidden = !fits
        if (fits) count += 1
      }
      found.value = count === rows.length ? '' : `${count} of ${rows.length}`
    }
    filter.hidden = false
    filter.addEventListener('input', apply)
  }

  let folded = []
  window.addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')]
    for (const details of folded) details.open = true
  })
  window.addEventListener('afterprint', () => {
    for (const details of folded) details.open = false
  })
}
