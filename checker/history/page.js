{
  const tip = document.getElementById('tip')
  const margin = 8
  let shown

  const place = () => {
    const box = shown.getBoundingClientRect()
    const { width, height } = tip.getBoundingClientRect()
    const middle = box.left + box.width / 2 - width / 2
    const left = Math.max(margin, Math.min(middle, document.documentElement.clientWidth - width - margin))
    const above = box.top - height - margin
    const top = Math.min(above >= margin ? above : box.bottom + margin, window.innerHeight - height - margin)
    tip.style.left = `${left}px`
    tip.style.top = `${Math.max(margin, top)}px`
  }
  const show = (item) => {
    shown = item
    tip.textContent = item.getAttribute('aria-label')
    tip.hidden = false
    place()
  }
  const hide = () => {
    tip.hidden = true
  }

  document.addEventListener('pointerover', ({ target }) => {
    const item = target.closest('.item')
    if (item) show(item)
    // Scrolling under a resting pointer must not hide what the keyboard opened.
    else if (!target.closest('#tip') && document.activeElement !== shown) hide()
  })
  document.addEventListener('focusin', ({ target }) => {
    if (target.matches('.item')) show(target)
    else hide()
  })
  document.addEventListener('focusout', hide)
  document.addEventListener('scroll', () => tip.hidden || place(), { passive: true })
  document.documentElement.addEventListener('pointerleave', hide)

  const zoneOf = (text) => {
    const [x, width] = text.split(' ', 2)
    const label = text.slice(x.length + width.length + 2)
    const zone = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    const attributes = {
      class: 'item zone',
      x: `${x}%`,
      width: `${width}%`,
      height: '100%',
      role: 'img',
      'aria-label': label,
    }
    for (const [name, value] of Object.entries(attributes)) zone.setAttribute(name, value)
    return zone
  }
  // Lazily: with many targets most plots are folded or far below.
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target: plot } of entries.filter(({ isIntersecting }) => isIntersecting)) {
        observer.unobserve(plot)
        const group = plot.querySelector('[data-zones]')
        group.append(...group.dataset.zones.split('|').filter(Boolean).map(zoneOf))
        // One Tab stop per plot, its latest zone; arrow keys move within the plot.
        group.lastElementChild?.setAttribute('tabindex', '0')
      }
    },
    { rootMargin: '100% 0px' },
  )
  for (const plot of document.querySelectorAll('svg.plot')) observer.observe(plot)

  document.addEventListener('keydown', (event) => {
    const { target, key } = event
    if (key === 'Escape') hide()
    if (!target.matches('.item')) return
    const goals = {
      ArrowLeft: target.previousElementSibling,
      ArrowRight: target.nextElementSibling,
      Home: target.parentElement.firstElementChild,
      End: target.parentElement.lastElementChild,
    }
    if (!(key in goals)) return
    event.preventDefault()
    if (!goals[key]) return
    target.setAttribute('tabindex', '-1')
    goals[key].setAttribute('tabindex', '0')
    goals[key].focus()
  })
}
