"""What is asked of a page inside the browser: each text is JavaScript that returns a list of complaints."""

# Runs before anything of the page: keeps what the content security policy refused.
WATCH = """
window.refused = [];
document.addEventListener('securitypolicyviolation', e => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));
"""

# Text, and what it stands on. Ground under SVG text: the page, and every shape drawn before it that reaches under it.
CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const rgba = text => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
  };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3])).concat(1);
  const ground = el => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), rgba('Canvas'));
  };
  const light = c => { const f = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const said = [];
  const complain = (what, found, least) => { if (found < least - 0.005) said.push(`${what}: ${found.toFixed(2)} under ${least}`); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, el = node.parentElement;
    if (!node.data.trim() || el.closest('svg, script, style, option') || !el.checkVisibility()) continue;
    const below = ground(el);
    complain(`"${node.data.trim().slice(0, 40)}"`, ratio(over(rgba(getComputedStyle(el).color), below), below), 4.5);
  }
  const inside = (inner, outer) => inner.x < outer.x + outer.width && outer.x < inner.x + inner.width &&
    inner.y < outer.y + outer.height && outer.y < inner.y + inner.height;
  for (const svg of document.querySelectorAll('svg')) {
    if (!svg.checkVisibility()) continue;
    const page = ground(svg.parentElement);
    const drawn = [];
    for (const el of svg.querySelectorAll('path, rect, circle, text')) {
      const style = getComputedStyle(el);
      if (el.tagName === 'text') {
        const box = el.getBBox();
        const grounds = [page].concat(drawn.filter(d => inside(box, d.box)).map(d => over(d.fill, page)));
        // A box with a fill of its own hides what lies below it.
        const hiding = drawn.filter(d => d.tag === 'rect' && d.fill[3] === 1 && inside(box, d.box)).pop();
        for (const below of hiding ? [hiding.fill] : grounds)
          complain(`svg "${el.textContent}"`, ratio(over(rgba(style.fill), below), below), 4.5);
      } else if (el.matches('path.limit, path.centre, path.target, path.line')) {
        const bands = drawn.filter(d => d.tag === 'path' && d.band).map(d => over(d.fill, page));
        for (const below of [page, ...bands]) complain(`line ${el.getAttribute('class')}`, ratio(over(rgba(style.stroke), below), below), 3);
      } else if (el.matches('.better, .worse, .neither')) {
        complain(`mark ${el.getAttribute('class')}`, ratio(over(rgba(style.fill), page), page), 3);
      }
      if (style.fill !== 'none' && (el.tagName === 'rect' || el.classList.contains('band'))) {
        const fill = rgba(style.fill).slice(); fill[3] *= parseFloat(style.fillOpacity);
        drawn.push({tag: el.tagName, band: el.classList.contains('band'), fill, box: el.getBBox()});
      }
    }
  }
  return [...new Set(said)];
}
"""

# Text stays inside its picture, off the points, and off other text.
PICTURES = """
(least) => {
  const said = [];
  const meet = (a, b, by) => a.x + by < b.x + b.width && b.x + by < a.x + a.width && a.y + by < b.y + b.height && b.y + by < a.y + a.height;
  for (const svg of document.querySelectorAll('svg')) {
    if (!svg.checkVisibility() || !svg.viewBox.baseVal.width) continue;
    const box = svg.viewBox.baseVal, name = (svg.getAttribute('aria-label') || '').slice(0, 50);
    const scale = svg.getScreenCTM().a;
    const texts = [...svg.querySelectorAll('text')].map(el => [el, el.getBBox()]);
    const points = [...svg.querySelectorAll('circle, path.worse:not(.stream), path.neither')].map(el => el.getBBox());
    texts.forEach(([el, b], i) => {
      if (b.x < box.x - 0.5 || b.y < box.y - 0.5 || b.x + b.width > box.x + box.width + 0.5 || b.y + b.height > box.y + box.height + 0.5)
        said.push(`${name}: "${el.textContent}" leaves the picture`);
      const px = parseFloat(getComputedStyle(el).fontSize) * scale;
      if (px < least - 0.05) said.push(`letters in ${svg.getAttribute('class')} are ${px.toFixed(1)} px high`);
      for (const p of points) if (meet(b, p, 1)) { said.push(`${name}: "${el.textContent}" covers a point`); break; }
      for (const [other, o] of texts.slice(i + 1)) if (meet(b, o, 3)) said.push(`${name}: "${el.textContent}" covers "${other.textContent}"`);
    });
  }
  return [...new Set(said)];
}
"""

# Nothing of the page is wider than the page, and no text is wider than its box.
OVERFLOW = """
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
"""

# A wall is one screen: nothing leaves it, nothing leaves its card, and every letter is 21 px or more.
WALL = """
() => {
  const said = [];
  if (document.documentElement.scrollHeight > innerHeight) said.push(`the wall is ${document.documentElement.scrollHeight} px high on ${innerHeight}`);
  const cards = document.querySelectorAll('.wall .card');
  if (cards.length > 12) said.push(`${cards.length} charts`);
  for (const card of cards) {
    if (card.scrollHeight > card.clientHeight + 1) said.push(`${card.textContent.trim().slice(0, 30)} is higher than its card`);
    const room = card.getBoundingClientRect();
    for (const el of card.querySelectorAll('h3, p, svg')) {
      const r = el.getBoundingClientRect();
      if (r.top < room.top - 1 || r.bottom > room.bottom + 1 || r.right > room.right + 1) said.push(`${el.tagName} leaves its card`);
    }
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const el = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || el.closest('svg, .unseen, .skip') || !el.checkVisibility()) continue;
    const px = parseFloat(getComputedStyle(el).fontSize);
    if (px < 20.95) said.push(`"${walker.currentNode.data.trim().slice(0, 30)}" is ${px} px`);
    const r = el.getBoundingClientRect();
    if (r.bottom > innerHeight + 1 && !el.closest('table')) said.push(`"${walker.currentNode.data.trim().slice(0, 30)}" is below the screen`);
  }
  return [...new Set(said)];
}
"""

# What a finger must hit is 24 px both ways, links within a sentence apart (WCAG 2.5.8).
TARGETS = """
() => {
  const said = [];
  for (const el of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')) {
    if (!el.checkVisibility() || el.matches('.skip')) continue;
    const r = el.getBoundingClientRect();
    const around = el.closest('p, dd, li, figcaption');
    const sentence = around && around.textContent.trim() !== el.textContent.trim() && getComputedStyle(el).display === 'inline';
    if (!sentence && (r.width < 24 || r.height < 24)) said.push(`${el.tagName} "${el.textContent.trim().slice(0, 30)}" ${r.width.toFixed(0)} x ${r.height.toFixed(0)}`);
  }
  return said;
}
"""

# Everything the Tab key should reach, in the order of the document.
STOPS = """
() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
  .filter(el => el.checkVisibility() && !el.disabled)
  .map((el, i) => (el.setAttribute('data-stop', i), i))
"""

# Where the focus is now, whether it can be seen, and how it is drawn.
FOCUS = """
() => {
  const el = document.activeElement, style = getComputedStyle(el), r = el.getBoundingClientRect();
  const box = el.querySelector && el.querySelector('rect.box');
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const drawn = box && parseFloat(getComputedStyle(box).strokeWidth) >= 2.5;
  return {stop: el.dataset.stop === undefined ? null : +el.dataset.stop, name: el.textContent.trim().slice(0, 40), tag: el.tagName,
    ringed: Boolean(ring || drawn), seen: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth, top: r.top + scrollY, left: r.left};
}
"""
