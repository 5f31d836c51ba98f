// Light or dark: as the system says, unless somebody chose.

/** What somebody may choose. */
export type Theme = 'system' | 'light' | 'dark';

const key = 'portcullis-theme';

/** What was chosen in this browser. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

/** Puts the choice in force, and tells whoever draws by hand. */
export function applyTheme(theme: Theme = chosenTheme()): void {
  if (theme === 'system') localStorage.removeItem(key);
  else localStorage.setItem(key, theme);
  document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event('themechange'));
}
