// Nothing of the page is wider than the page, and no text is wider than its box.
() => {
  const said = [], wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
  const own = (el) => { for (let at = el.parentElement; at && at !== document.body; at = at.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true; return false; };
  if (wide > room) said.push(`the page is ${wide} px wide on ${room}`);
  for (const el of document.body.querySelectorAll('*')) {
    if (el.closest('svg') && el.tagName !== 'svg' || el.matches('.unseen, .skip, option') || !el.checkVisibility()) continue;
    const r = el.getBoundingClientRect();
    if (r.width && (r.right > room + 1 || r.left < -1) && !own(el)) said.push(`${el.tagName}.${el.className.baseVal ?? el.className} from ${r.left | 0} to ${r.right | 0} of ${room}`);
    if (el.matches('.card, .wall, h1, h2, h3, p, dt, dd, .panel, .unit-line > *') && el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline')
      said.push(`${el.tagName}.${el.className} holds more than its width: ${el.textContent.trim().slice(0, 40)}`);
  }
  return [...new Set(said)].slice(0, 12);
}
