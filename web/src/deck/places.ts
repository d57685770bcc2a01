import type { Component } from 'svelte';
import Bell from '~icons/ph/bell-fill';
import Bookmark from '~icons/ph/bookmark-simple-fill';
import Globe from '~icons/ph/globe-hemisphere-west-fill';
import Hash from '~icons/ph/hash-bold';
import Home from '~icons/ph/house-fill';
import Star from '~icons/ph/star-fill';
import Users from '~icons/ph/users-three-fill';

type Icon = Component<Record<string, unknown>>;

/** The sign and colour by which a place is known, wherever it is named. */
const places: Record<string, [Icon, string]> = {
	'/home': [Home, 'var(--accent)'],
	'/notifications': [Bell, 'var(--fav)'],
	'/public/local': [Users, 'var(--mark)'],
	'/public': [Globe, 'var(--boost)'],
	'/bookmarks': [Bookmark, 'var(--mark)'],
	'/favourites': [Star, 'var(--fav)'],
};

export const iconOf = (path: string): Icon => places[path]?.[0] ?? Hash;
export const tintOf = (path: string): string => places[path]?.[1] ?? 'var(--boost)';
