// Text, and what it stands on. Ground under SVG text: the page, and every shape drawn before it that reaches under it.
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
