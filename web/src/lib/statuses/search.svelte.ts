import * as api from '../api/refreshes';

/** How often the server is asked in one go; what takes longer is seen when the thread is opened again. */
const MOST = 60;

/** The server's search on other servers for replies to a status, while somebody reads the thread. */
export class Search {
	running = $state.raw<api.Refresh | null>(null);
	/** Replies have come that are not shown. */
	found = $state(false);

	/** A new answer tells what is still looked for; all that had come is in it. */
	begin = (refresh: api.Refresh | null): void => {
		this.running = refresh;
		this.found = false;
	};

	/** Asks how far it is until it is over, or until what this returns is called. */
	follow = (): (() => void) => {
		const refresh = this.running;
		if (!refresh) return () => {};
		let stopped = false;
		let left = MOST;
		const ask = async () => {
			const now = await api.refresh(refresh.id).catch(() => null); // a thread is worth reading without it
			if (stopped) return;
			if ((now?.result_count ?? 0) > refresh.count) this.found = true;
			if (now?.status !== 'running' || --left <= 0) this.running = null;
			else timer = setTimeout(ask, refresh.retry * 1000);
		};
		let timer = setTimeout(ask, refresh.retry * 1000);
		return () => {
			stopped = true;
			clearTimeout(timer);
		};
	};
}
