# Makes Windows trust a mail server's {{#privateCa}}certificate authority{{/privateCa}}{{#selfSigned}}certificate{{/selfSigned}}. Nothing is fetched: the certificate is in here.
#
#   powershell -ExecutionPolicy Bypass -File install-windows.ps1
#
# As administrator: for everybody on this computer. Otherwise: for you alone, and Windows asks once more in a window.
# It shows the fingerprint, and asks before it changes anything. A second run does no harm.
#
#   -Fingerprint AA:BB:...  the SHA-256 fingerprint that you were told: instead of the question. If another one is in
#                           here, nothing is changed. Where there are several: all of them, with commas.
#   -Remove                 take it out again
#   -Yes                    do not ask
[CmdletBinding()]
param(
  [switch]$Remove,
  [switch]$Yes,
  [string[]]$Fingerprint = @()
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$server = {{host}}
$roots = @(
{{#roots}}
  @{
    Title = {{title}}
    Sha256 = {{sha256}}
    Data = @(
{{#lines}}
      {{.}}
{{/lines}}
    )
  }
{{/roots}}
)

function Stop-Script([int]$Status, [string]$Problem, [string]$Hint) {
  [Console]::Error.WriteLine("install-windows.ps1: error: $Problem")
  if ($Hint) { [Console]::Error.WriteLine("install-windows.ps1: hint: $Hint") }
  exit $Status
}

function Get-Sha256([byte[]]$Bytes) {
  $hash = [Security.Cryptography.SHA256]::Create()
  return -join ($hash.ComputeHash($Bytes) | ForEach-Object { $_.ToString('x2') })
}

function Format-Fingerprint([string]$Hex) {
  return ($Hex.ToUpperInvariant() -split '(..)' | Where-Object { $_ }) -join ':'
}

if ($PSVersionTable['Platform'] -eq 'Unix') {
  Stop-Script 69 'this is not Windows' 'Linux: install-linux.sh; Mac: install-macos.sh'
}
$user = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if ($user.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
  $location = [Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine
  $store = 'Cert:\LocalMachine\Root'
  $whose = 'everybody on this computer'
} else {
  $location = [Security.Cryptography.X509Certificates.StoreLocation]::CurrentUser
  $store = 'Cert:\CurrentUser\Root'
  $whose = 'you alone (for everybody: run it as administrator)'
}

if ($Remove) {
  Write-Host "This takes what the mail server $server is trusted by out of $store, for ${whose}:"
} else {
  Write-Host "This makes Windows trust the mail server $server, by way of $store, for ${whose}:"
}
# With -File, a list comes as one word.
$told = @(($Fingerprint -join ',') -split ',' | ForEach-Object { ($_ -replace '[^0-9A-Fa-f]', '').ToLowerInvariant() } | Where-Object { $_ })
if ($Fingerprint.Count -gt 0 -and $told.Count -eq 0) {
  Stop-Script 64 '-Fingerprint needs the SHA-256 fingerprint behind it' ''
}
foreach ($root in $roots) {
  $root.Bytes = [Convert]::FromBase64String(-join $root.Data)
  # By the certificate itself, and not by what is written beside it.
  $found = Get-Sha256 $root.Bytes
  if ($found -ne $root.Sha256) {
    Stop-Script 65 "this file was damaged on its way: a certificate in it has the fingerprint $found" 'fetch it again'
  }
  Write-Host ''
  Write-Host "  $($root.Title)"
  Write-Host "  SHA-256  $(Format-Fingerprint $found)"
  if ($told.Count -gt 0 -and $told -notcontains $found) {
{{#several}}
    Stop-Script 65 'this one is not among the fingerprints that you gave: nothing was changed' 'there are {{count}} certificates in here: -Fingerprint takes all of them, with commas; ask your administrator for them'
{{/several}}
{{^several}}
    Stop-Script 65 'this is not the fingerprint that you gave: nothing was changed' 'ask your administrator for it, by telephone or in person, and fetch the file again'
{{/several}}
  }
}
Write-Host ''

if (-not $Yes -and $told.Count -eq 0) {
{{^several}}
  $question = 'Is this the fingerprint that your administrator told you? [y/N]'
{{/several}}
{{#several}}
  $question = 'Are these the {{count}} fingerprints that your administrator told you? [y/N]'
{{/several}}
  if ($Remove) { $question = 'Take it out? [y/N]' }
  try {
    $answer = Read-Host $question
  } catch {
    Stop-Script 64 'there is nobody to ask' 'name the fingerprint that you were told: -Fingerprint AA:BB:..., or -Yes'
  }
  if ($answer -notmatch '^\s*(y|yes)\s*$') { Stop-Script 1 'nothing was changed' '' }
}

function Find-Root($Root) {
  return @(Get-ChildItem -Path $store | Where-Object { (Get-Sha256 $_.RawData) -eq $Root.Sha256 })
}

foreach ($root in $roots) {
  $present = @(Find-Root $root)
  if ($Remove) {
    if ($present.Count -eq 0) {
      Write-Host "not there: $($root.Title)"
      continue
    }
    try {
      $present | Remove-Item
    } catch {
      Write-Host $_.Exception.Message
    }
    if (@(Find-Root $root).Count -gt 0) {
      Stop-Script 77 "$($root.Title) is still in $store" 'it was put there for everybody, or by a policy: run this as administrator, or ask yours'
    }
    Write-Host "removed: $($root.Title)"
    continue
  }
  if ($present.Count -gt 0) {
    Write-Host "already there: $($root.Title)"
    continue
  }
  $refused = ''
  # The very bytes that were shown: a file could be changed between the look at it and the import.
  $opened = New-Object Security.Cryptography.X509Certificates.X509Store 'Root', $location
  try {
    $opened.Open([Security.Cryptography.X509Certificates.OpenFlags]::ReadWrite)
    $opened.Add((New-Object Security.Cryptography.X509Certificates.X509Certificate2 (, $root.Bytes)))
  } catch {
    $refused = $_.Exception.Message
  }
  $opened.Close()
  if ($refused) { Stop-Script 1 "Windows did not take it: $refused" 'say yes where Windows asks; a policy may forbid it: ask your administrator' }
  if (@(Find-Root $root).Count -eq 0) {
    Stop-Script 1 "Windows said yes, and $($root.Title) is not in $store" 'look for it in certlm.msc or certmgr.msc, Trusted Root Certification Authorities'
  }
  Write-Host "added: $($root.Title)"
}
if ($Remove) {
  Write-Host 'done: Windows does not trust it any more'
} else {
  Write-Host 'done: Outlook and others trust it when they are started again (Thunderbird has a list of its own: see README.txt)'
}
