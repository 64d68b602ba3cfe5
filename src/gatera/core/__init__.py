"""The ground floor: errors, argument checks, files, random numbers, devices, progress. Imports nothing of ours."""
