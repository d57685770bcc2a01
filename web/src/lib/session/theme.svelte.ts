/** The server reads this cookie and sets data-theme before the first paint. */

export const themes = ['auto', 'light', 'dark', 'hc-light', 'hc-dark'] as const;
export type Theme = (typeof themes)[number];

const COOKIE = 'anancus_theme';

const read = (): Theme => {
	const value = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]+)`).exec(document.cookie)?.[1];
	return themes.find((theme) => theme === value) ?? 'auto';
};

let chosen = $state<Theme>(read());
document.documentElement.dataset.theme = chosen;

export const theme = {
	get current(): Theme {
		return chosen;
	},
	choose(next: Theme): void {
		chosen = next;
		document.documentElement.dataset.theme = next;
		const secure = location.protocol === 'https:' ? '; secure' : '';
		document.cookie = `${COOKIE}=${next}; path=/; max-age=31536000; samesite=lax${secure}`;
	},
};
