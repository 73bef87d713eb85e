// A wall is one screen: nothing leaves it, nothing leaves its card, and every letter is 21 px or more.
() => {
  const said = [];
  if (document.documentElement.scrollHeight > innerHeight) said.push(`the wall is ${document.documentElement.scrollHeight} px high on ${innerHeight}`);
  const cards = [...document.querySelectorAll('.board .card')].filter(card => card.checkVisibility());
  if (cards.length > 12) said.push(`${cards.length} charts`);
  for (const card of cards) {
    if (card.scrollHeight > card.clientHeight + 1) said.push(`${card.textContent.trim().slice(0, 30)} is higher than its card`);
    const room = card.getBoundingClientRect();
    for (const el of card.querySelectorAll('h3, p, svg')) {
      if (!el.checkVisibility()) continue;
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
