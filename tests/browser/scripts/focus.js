// Where the focus is now, whether it can be seen, and how it is drawn.
() => {
  const el = document.activeElement, style = getComputedStyle(el), r = el.getBoundingClientRect();
  const box = el.querySelector && el.querySelector('rect.box');
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const drawn = box && parseFloat(getComputedStyle(box).strokeWidth) >= 2.5;
  return {stop: el.dataset.stop === undefined ? null : +el.dataset.stop, name: el.textContent.trim().slice(0, 40), tag: el.tagName,
    ringed: Boolean(ring || drawn), seen: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth, top: r.top + scrollY, left: r.left};
}
