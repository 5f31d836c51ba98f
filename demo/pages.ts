// The shop's pages. Whatever is put into them is put in as it is: the shop is vulnerable on purpose.

/** One thing the shop sells. */
export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly says: string;
}

/** The warning that every page shows and every other answer carries in `X-Warning`. */
export const warning = 'This shop is vulnerable on purpose. Never use it for anything, never let a network reach it.';

/** The picture of the shop, which every browser asks for. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><text y="13" font-size="13">🧦</text></svg>';

/** A whole page; `body` is HTML and is not escaped. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>
  :root { color-scheme: light dark; --ink: #222; --paper: #fdfcfa; --card: #fff; --line: #ddd; --link: #064 }
  @media (prefers-color-scheme: dark) { :root { --ink: #ddd; --paper: #1a1a18; --card: #242422; --line: #444; --link: #7db } }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 0 1rem 3rem; color: var(--ink); background: var(--paper) }
  nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: .8rem 0; border-bottom: 1px solid var(--line) }
  a { color: var(--link) } h1 { font-size: 1.6rem } code { overflow-wrap: anywhere } textarea { box-sizing: border-box; max-width: 100% }
  .warning { color: #222; background: #fff3cd; border: 1px solid #e0b000; padding: .5rem .8rem; margin: 1rem 0 0; border-radius: .3rem }
  .products { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; padding: 0 }
  .products li { list-style: none; border: 1px solid var(--line); border-radius: .4rem; padding: .8rem; background: var(--card) }
  td, th { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--line) }
</style></head><body>
<p class="warning" role="alert">⚠ ${warning}</p>
<nav><a href="/">Shop</a> <a href="/search?q=wool">Search</a> <a href="/users?id=1">User 1</a> <a href="/comments">Comments</a>
<a href="/files/prices.txt">Price list</a> <a href="/ping?host=localhost">Ping</a> <a href="/api/users">API</a></nav>
<h1>${title}</h1>
${body}
</body></html>
`;
}

/** The front page. */
export function frontPage(products: readonly Product[]): string {
  const items = products.map(
    ({ id, name, price, says }) =>
      `<li><b>${name}</b><br>${says}<br>€ ${price.toFixed(2)} · <a href="/search?q=${encodeURIComponent(name)}">no. ${id}</a></li>`,
  );
  return page(
    'The Woolly Sock',
    `<form action="/search"><input name="q" placeholder="wool, cotton, …" aria-label="Search"> <button>Search</button></form>
<ul class="products">${items.join('\n')}</ul>`,
  );
}

/** Rows of a query as a table, with the query itself beneath. */
export function rowsPage(title: string, sql: string, rows: readonly Record<string, unknown>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const head = names.map((name) => `<th>${name}</th>`).join('');
  const lines = rows.map((row) => `<tr>${names.map((name) => `<td>${row[name]}</td>`).join('')}</tr>`);
  const found = rows.length === 0 ? '<p>Nothing found.</p>' : `<table><tr>${head}</tr>${lines.join('')}</table>`;
  return page(title, `${found}<p><code>${sql}</code></p>`);
}

/** Everything that was ever said, and a form to say more. */
export function commentsPage(comments: readonly string[]): string {
  const list = comments.map((text) => `<li>${text}</li>`).join('\n');
  return page(
    'What people say',
    `<ul>${list}</ul>
<form method="post" action="/comments"><textarea name="text" rows="3" cols="50" aria-label="Comment"></textarea><br><button>Say it</button></form>`,
  );
}
