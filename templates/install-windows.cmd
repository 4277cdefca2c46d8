@echo off
rem Makes Windows trust a mail server's {{#privateCa}}certificate authority{{/privateCa}}{{#selfSigned}}certificate{{/selfSigned}}, by certutil alone. Nothing is fetched: the certificate is in here.
rem   install-windows.cmd [/remove] [/yes]
rem As administrator: for everybody on this computer. Otherwise: for you alone, and Windows asks once more in a window.
rem It shows the fingerprint, and asks before it changes anything. A second run does no harm.
setlocal EnableExtensions DisableDelayedExpansion
set "remove="
set "yes="
:arguments
if "%~1"=="" goto ready
if /i "%~1"=="/remove" set "remove=yes" & shift & goto arguments
if /i "%~1"=="/yes" set "yes=yes" & shift & goto arguments
echo install-windows.cmd: error: there is no such option 1>&2
echo Usage: install-windows.cmd [/remove] [/yes] 1>&2
exit /b 64

:ready
rem By their full paths: a program of that name beside this file is somebody else's.
set "system=%SystemRoot%\System32"
set "user="
set "whose=everybody on this computer"
%system%\fltmc.exe >nul 2>&1
if errorlevel 1 set "user=-user"
if defined user set "whose=you alone, for everybody run it as administrator"
set "outer=%TEMP%\mailcert-%RANDOM%%RANDOM%"
set "work=%outer%"
if defined user goto folder
rem What runs as you without these rights must not change a file between the look at it and the import: a folder that
rem administrators alone can write into, made below one that is so already.
set "outer=%SystemRoot%\Temp\mailcert-%RANDOM%%RANDOM%"
set "work=%outer%\own"
mkdir "%outer%" >nul 2>&1
if errorlevel 1 goto nofolder
%system%\icacls.exe "%outer%" /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F >nul 2>&1
if errorlevel 1 goto nofolder
:folder
mkdir "%work%" >nul 2>&1
if errorlevel 1 goto nofolder
set "pem=%work%\root.pem"
set "der=%work%\root.cer"
if defined remove (
  echo This takes what the mail server {{ascii}} is trusted by out of Windows, for %whose%:
) else (
  echo This makes Windows trust the mail server {{ascii}}, for %whose%:
)
set "status=0"
{{#roots}}

>"%pem%" (
  echo -----BEGIN CERTIFICATE-----
{{#lines}}
  echo {{.}}
{{/lines}}
  echo -----END CERTIFICATE-----
)
call :root {{thumbprint}} {{sha256}} {{shown}} "{{title}}"
if errorlevel 1 set "status=1"
{{/roots}}

rmdir /s /q "%outer%" >nul 2>&1
if not defined yes pause
exit /b %status%

:root
set "hash="
%system%\certutil.exe -f -decode "%pem%" "%der%" >nul 2>&1
for /f "skip=1 delims=" %%h in ('%system%\certutil.exe -hashfile "%der%" SHA256') do if not defined hash set "hash=%%h"
if defined hash set "hash=%hash: =%"
if /i not "%hash%"=="%~2" (
  echo install-windows.cmd: error: this file was damaged on its way: fetch it again 1>&2
  exit /b 1
)
echo.
echo   %~4
echo   SHA-256  %~3
echo.
%system%\certutil.exe %user% -store Root %1 >nul 2>&1
if errorlevel 1 goto absent
if defined remove goto take
echo already there
exit /b 0

:absent
if defined remove (
  echo not there
  exit /b 0
)
if defined yes goto add
%system%\choice.exe /c YN /n /m "Is this the fingerprint that your administrator told you? [Y,N]"
if errorlevel 2 goto unchanged
if not errorlevel 1 goto unchanged
:add
%system%\certutil.exe %user% -f -addstore Root "%der%"
if errorlevel 1 (
  echo install-windows.cmd: error: Windows did not take it 1>&2
  exit /b 1
)
echo done: Outlook and others trust it when they are started again
exit /b 0

:take
if defined yes goto delete
%system%\choice.exe /c YN /n /m "Take it out? [Y,N]"
if errorlevel 2 goto unchanged
if not errorlevel 1 goto unchanged
:delete
%system%\certutil.exe %user% -delstore Root %1
if errorlevel 1 (
  echo install-windows.cmd: error: Windows did not remove it: run this as administrator 1>&2
  exit /b 1
)
echo done: Windows does not trust it any more
exit /b 0

:unchanged
echo nothing was changed
exit /b 1

:nofolder
echo install-windows.cmd: error: there is no making a folder of its own: %outer% 1>&2
exit /b 1
